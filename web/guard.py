"""What protects every answer: security headers, cookies that scripts cannot read, CSRF, and the secret key."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Bootstrap's own style sheet draws its arrows from data: pictures
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LARGEST_UPLOAD = 512 * 1024 * 1024


class CookieSession(SecureCookieSessionInterface):
    """The session cookie goes only over TLS where the office says so or the visitor came by TLS; the demo has none."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie is marked Secure for this request."""
        return bool(app.config["SESSION_COOKIE_SECURE"]) or request.is_secure


def prepare(app: Flask, home: Path, *, https: bool = False) -> None:
    """Set the secret, the cookie's limits, CSRF on every change, and the headers of every answer.

    ``https``: a proxy on this machine speaks TLS with the visitors. It alone reaches this application, so what it
    says of the visitor's address and of TLS is believed; cookies go over TLS only, and browsers keep to it.
    """
    app.session_interface = CookieSession()
    if https:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]  # Flask's own way
        app.after_request(_keep_to_https)
    app.config.update(
        SECRET_KEY=secret_key(home / "keys" / "web.key"),
        SESSION_COOKIE_NAME="yedang",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD,
        MAX_FORM_PARTS=20_000,  # a register of 20 lines by 12 columns, several pages of it
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # lives and dies with the session
    )
    CSRFProtect(app)
    app.after_request(add_headers)


def _keep_to_https(answer: Response) -> Response:
    answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer


def add_headers(answer: Response) -> Response:
    """Headers of every answer. What the office holds is never kept by a browser or a proxy; style and script may be."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.endpoint not in ("static", "bootstrap.static"):
        answer.headers["Cache-Control"] = "no-store, private"
    return answer


def secret_key(path: Path) -> bytes:
    """The key that signs session cookies, made on first use with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key
