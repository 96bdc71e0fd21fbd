"""What a label says of itself in its code: which dossier, place or loan it is for, and a keyed tag.

Labels name things, never pages: their text begins otherwise than a page's, so that no scan takes one for the other.
All characters are of the QR alphanumeric set, and a scanner that types them into a box types no key but these.

    YDL:D:DA-3-2-1201-01:ABCD2345
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from typing import Literal

from forms.marks import tag
from records.errors import OfficeError

PREFIX = "YDL"
Kind = Literal["dossier", "place", "loan"]
_LETTERS: dict[str, Kind] = {"D": "dossier", "P": "place", "L": "loan"}
_LETTER_OF = {kind: letter for letter, kind in _LETTERS.items()}


class ForgedLabel(OfficeError):
    """A code of a label's shape that was not printed here, or that a scanner read wrongly."""

    code = "label.forged"
    zh = "这个标签没有通过校验,不是本处印制的,或没有扫清楚:{text}。"
    en = "This label fails its proof: it was not printed here, or not read rightly: {text}."


@dataclass(frozen=True)
class LabelMark:
    """What a label is for: a dossier's number 档号, a place's code 位置号, or a loan's number."""

    kind: Kind
    name: str

    @property
    def spoken(self) -> str:
        """What it is for, as people say it."""
        return f"借阅 {self.name} 号" if self.kind == "loan" else self.name

    def text(self, secret: bytes) -> str:
        """The code's content, with its tag."""
        body = f"{PREFIX}:{_LETTER_OF[self.kind]}:{self.name}"
        return f"{body}:{tag(secret, body)}"


def read(secret: bytes, content: str) -> LabelMark | None:
    """What a scanned or typed text says, whatever a keyboard made of its case and colons; None for no label of ours.

    Raises ForgedLabel where it has a label's shape and its tag does not prove it.
    """
    body, _, given = unicodedata.normalize("NFKC", content).strip().upper().rpartition(":")
    parts = body.split(":")
    if len(parts) != 3 or parts[0] != PREFIX or parts[1] not in _LETTERS:
        return None
    if not hmac.compare_digest(tag(secret, body).encode(), given.encode()):
        raise ForgedLabel(text=content.strip()[:60])
    return LabelMark(_LETTERS[parts[1]], parts[2])
