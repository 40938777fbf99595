"""Run nginx as a proxy in front of the app, as in docs/deploy.md, with the app under the URL path PATH.

`python -m pytest --nginx tests/browser` runs the browser tests through nginx.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

PATH = "/stt"

CONFIGURATION = """
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
    server {{
        listen 127.0.0.1:{port};
        listen [::1]:{port};
        client_max_body_size 2100m;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_read_timeout 1h;
        proxy_send_timeout 1h;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        location {path}/ {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""


class Nginx:
    """Represent an nginx that listens on `port` and relays requests below PATH to the app on `app_port`."""

    def __init__(self, port: int, app_port: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nginx-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)
        configuration = CONFIGURATION.format(folder=folder, port=port, behind=app_port, path=PATH)
        (folder / "nginx.conf").write_text(configuration)
        command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()
