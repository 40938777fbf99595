"""Run an OpenID Connect provider: discovery, sign-in page, code flow with PKCE, RS256 id tokens, keys, sign-out.

Like real providers, it checks the client id and secret, the redirect URL, the single use of codes and the PKCE proof.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "stt-studio", "not-a-secret-of-anybody"


class Provider:
    """Represent a provider on a free local port. Any email address typed on its page is signed in."""

    def __init__(self, redirect: str) -> None:
        """Accept sign-ins only for the redirect URL `redirect`, which an app has to register at a real provider."""
        self.redirect = redirect
        self.key = RSAKey.generate_key(2048, {"kid": "test-1", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, Any]] = {}
        self.verified = True  # value of the claim `email_verified` in id tokens
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error) -> None:
        self._server.shutdown()
        self._server.server_close()

    def secrets(self) -> str:
        """Return the content of the app's `secrets.toml` that makes users sign in at this provider."""
        return (
            f'[auth]\nredirect_uri = "{self.redirect}"\ncookie_secret = "{secrets.token_hex(32)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{self.issuer}/.well-known/openid-configuration"\n'
        )

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def code_for(self, email: str, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = {**query, "email": email}
        return code

    def token_for(self, fields: dict[str, str]) -> dict[str, Any] | None:
        """Return the token endpoint's response to a form with `fields`, or None if a field is wrong."""
        grant = self.codes.pop(fields.get("code", ""), None)
        if grant is None or (fields.get("client_id"), fields.get("client_secret")) != (CLIENT, SECRET):
            return None
        proof = base64.urlsafe_b64encode(hashlib.sha256(fields.get("code_verifier", "").encode()).digest())
        if fields.get("redirect_uri") != self.redirect or proof.rstrip(b"=").decode() != grant.get("code_challenge"):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": hashlib.sha256(grant["email"].encode()).hexdigest()[:16],
            "iat": now,
            "exp": now + 300,
            "nonce": grant.get("nonce"),
            "email": grant["email"],
            "email_verified": self.verified,
        }
        token = jwt.encode({"alg": "RS256", "kid": "test-1"}, claims, self.key)
        return {"access_token": secrets.token_hex(16), "token_type": "Bearer", "expires_in": 300, "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        url, provider = urlsplit(self.path), self.provider
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/.well-known/openid-configuration":
            self._json(provider.metadata())
        elif url.path == "/jwks":
            self._json({"keys": [provider.key.as_dict(private=False)]})
        elif url.path == "/authorize" and (query["client_id"], query["redirect_uri"]) == (CLIENT, provider.redirect):
            fields = "".join(f'<input type=hidden name="{k}" value="{html.escape(v)}">' for k, v in query.items())
            form = (
                f"<form action=/choose>{fields}<label>Email <input name=email></label><button>Continue</button></form>"
            )
            self._respond(200, form.encode(), "text/html")
        elif url.path == "/choose":
            code = provider.code_for(query["email"], query)
            self._redirect(f"{provider.redirect}?{urlencode({'code': code, 'state': query['state']})}")
        elif url.path == "/end":
            self._redirect(query["post_logout_redirect_uri"])
        else:
            self._respond(404, b"no such page", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        if self.headers.get("Authorization", "").startswith("Basic "):
            credentials = base64.b64decode(self.headers["Authorization"][6:]).decode()
            fields["client_id"], fields["client_secret"] = credentials.split(":", 1)
        token = self.provider.token_for(fields)
        self._json(token or {"error": "invalid_grant"}, 200 if token else 400)

    def _json(self, value: dict[str, Any], status: int = 200) -> None:
        self._respond(status, json.dumps(value).encode(), "application/json")

    def _redirect(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _respond(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Log nothing."""
