"""A name service that takes long, for a server that is started with this folder in PYTHONPATH."""

import socket
import threading

SECONDS = 10
_look_up = socket.getaddrinfo


def _slowly(host, *more, flags=0, **named):
    if str(host).endswith(".slow.example") and not flags & socket.AI_NUMERICHOST:
        threading.Event().wait(SECONDS)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _look_up(host, *more, flags=flags, **named)


socket.getaddrinfo = _slowly
