"""The chain of a book's pages: each page bears short codes of its neighbours, so two pages tell if they were next."""

from __future__ import annotations

import base64
import hashlib
import hmac

LENGTH = 4
NONE = "----"  # before the first page and after the last


def link(secret: bytes, serial: str | None) -> str:
    """The short code of a page: four characters (A-Z, 2-7) derived from its serial under the page secret.

    Who holds one page cannot work out its neighbours' codes, so a page put in later betrays itself.
    """
    if serial is None:
        return NONE
    digest = hmac.digest(secret, f"YD-CHAIN:{serial}".encode(), hashlib.sha256)
    return base64.b32encode(digest).decode()[:LENGTH]
