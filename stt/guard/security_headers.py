"""Define the security headers of every response.

Audio and exports, which are files from outside, have a stricter policy: SANDBOX in `stt.web.endpoints`.
"""

from __future__ import annotations

from stt.compat.streamlit import INLINE_SCRIPT

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Streamlit's page has one inline script. Its components are loaded as blobs.
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
