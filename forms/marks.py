"""What a printed page says of itself in its code: serial, page k of n, copy, form version, and a keyed tag.

The tag (40 bits of HMAC-SHA256 under the installation's page secret) tells a page of ours from one made by somebody
else: without the secret nobody makes a page that is filed. All characters are of the QR alphanumeric set.

    YD1:HF-01-2026-000123-7:3:50:1:1:ABCD2345

The same stands beside the serial in small letters, for a code that a pen or a hole has spoiled: page, pages, copy,
version and tag (3-50-1-1-ABCD2345). Read as text it proves as much as the code does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

PREFIX = "YD1"


@dataclass(frozen=True)
class PageMark:
    """A page's identity as printed. ``page`` of ``pages`` counts within the book, or within one copy of a sheet."""

    serial: str
    page: int
    pages: int
    copy: int
    version: int

    def text(self, secret: bytes) -> str:
        """The code's content, with its tag."""
        return f"{self.body}:{tag(secret, self.body)}"

    @property
    def body(self) -> str:
        """What the tag proves."""
        return f"{PREFIX}:{self.serial}:{self.page}:{self.pages}:{self.copy}:{self.version}"

    def proof(self, secret: bytes) -> str:
        """What stands in letters beside the printed serial."""
        return f"{self.page}-{self.pages}-{self.copy}-{self.version}-{tag(secret, self.body)}"


@dataclass(frozen=True)
class ForeignMark:
    """A code that is not ours: another system's content, or our shape with a tag that does not prove it."""

    content: str
    forged: bool


def tag(secret: bytes, body: str) -> str:
    """Eight characters (A-Z, 2-7) that prove the body under the secret."""
    return base64.b32encode(hmac.digest(secret, body.encode(), hashlib.sha256)[:5]).decode()


def read(secret: bytes, content: str) -> PageMark | ForeignMark:
    """What a code's content says: our page, proven, or something foreign."""
    body, _, given = content.rpartition(":")
    parts = body.split(":")
    if len(parts) != 6 or parts[0] != PREFIX:
        return ForeignMark(content, forged=False)
    if not hmac.compare_digest(tag(secret, body).encode(), given.encode()):
        return ForeignMark(content, forged=True)
    page, pages, copy, version = (int(part) for part in parts[2:])
    return PageMark(parts[1], page, pages, copy, version)
