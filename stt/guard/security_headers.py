"""Define the security headers of every response.

Uploaded audio has a stricter Content-Security-Policy, SANDBOX in `stt.web.endpoints`.
"""

from __future__ import annotations

from stt.compat.streamlit import INLINE_SCRIPT

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Streamlit's page has one inline script, and Streamlit loads components from blob URLs.
        f"script-src 'self' blob: 'wasm-unsafe-eval' {INLINE_SCRIPT}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SAFETY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
