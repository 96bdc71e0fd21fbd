"""Files for the visitor to keep: a name in any script, never cached by browser or proxy."""

from __future__ import annotations

import io

from flask import Response, send_file


def pdf_file(data: bytes, name: str) -> Response:
    """A PDF to download under a name, which may be Chinese: the header carries it encoded."""
    answer = send_file(io.BytesIO(data), "application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
