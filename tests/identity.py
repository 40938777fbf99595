"""Run a real identity provider, Canaille, in its own process.

`tests/oidc.py` is a provider for cases that no real provider has, such as unverified mail addresses.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from tests.server import ROOT, free_port

CLIENT, SECRET, PASSWORD = "stt-studio", "not-a-secret-of-anybody", "correct horse battery"


class Identity:
    """Run Canaille as the identity provider of the app at the URL `site`. A context manager.

    There is an account for each address in `emails`, all with the password PASSWORD.
    """

    def __init__(self, site: str, emails: list[str], log: Path) -> None:
        self.site, self.emails, self.log, self.port = site, emails, log, free_port()
        self.issuer = f"http://localhost:{self.port}"

    def __enter__(self) -> Identity:
        arguments = json.dumps({"port": self.port, "site": self.site, "emails": self.emails})
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.identity", arguments], cwd=ROOT, stdout=log, stderr=log
            )
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=Retry(total=100, backoff_factor=0.1, backoff_max=0.5)))
            assert session.get(f"{self.issuer}/.well-known/openid-configuration").ok, self.log.read_text()
        return self

    def __exit__(self, *_error) -> None:
        self.process.kill()
        self.process.wait()

    def secrets(self) -> str:
        """Return the content of the app's `secrets.toml` that makes users sign in at this provider."""
        return (
            f'[auth]\nredirect_uri = "{self.site}/oauth2callback"\ncookie_secret = "{secrets.token_hex(32)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{self.issuer}/.well-known/openid-configuration"\n'
        )


def serve(port: int, site: str, emails: list[str]) -> None:
    from canaille import create_app
    from canaille.app import models
    from canaille.backends import Backend
    from joserfc.jwk import RSAKey
    from werkzeug.serving import make_server

    key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
    app = create_app(
        {
            "SECRET_KEY": secrets.token_hex(32),
            "SERVER_NAME": f"localhost:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
        }
    )
    with app.app_context(), Backend.instance.session():
        for email in emails:
            name = email.partition("@")[0]
            user = models.User(user_name=name, formatted_name=name, family_name=name, emails=[email], password=PASSWORD)
            Backend.instance.save(user)
        client = models.Client(
            client_id=CLIENT,
            client_secret=SECRET,
            client_name="STT Studio",
            client_uri=site,
            redirect_uris=[f"{site}/oauth2callback"],
            post_logout_redirect_uris=[f"{site}/oauth2callback"],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "profile", "email"],
            token_endpoint_auth_method="client_secret_basic",
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    make_server("localhost", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    serve(**json.loads(sys.argv[1]))
