"""Codes of places 位置号: room, rack, shelf, box and a check character, with the verbs compact, validate, format.

``A-03-2-05-Q`` is box 05 on shelf 2 of rack 03 in room A; ``A-03-2-9`` is that shelf itself. The check character is
ISO 7064 MOD 37,36 over the rest: every wrong character and nearly every swap of two neighbours is caught.
"""

from __future__ import annotations

import re
import unicodedata

from stdnum.iso7064 import mod_37_36

from records.errors import OfficeError

_CODE = re.compile(r"([A-Z]{1,2})-?([0-9]{2})-?([0-9])(?:-?([0-9]{2}))?(?:-([0-9A-Z]))?")


class BadPlaceCode(OfficeError):
    """What was typed is no place, or a character of it is wrong."""

    code = "place.bad_code"
    zh = "位置号无法识别或有错字:{text}(例如 A-03-2-05:A 室 03 架 2 层 05 盒)。"
    en = "Not a place, or a character of it is wrong: {text} (as in A-03-2-05: room A, rack 03, shelf 2, box 05)."


def compact(text: str) -> str:
    """Capital letters of normal width and plain hyphens, without checking anything.

    >>> compact(" a－03-2-05 ")
    'A-03-2-05'
    """
    clean = unicodedata.normalize("NFKC", text).upper().replace(" ", "")
    return re.sub(r"[\\-‐‑–—_/.]+", "-", clean).strip("-")


def validate(text: str) -> str:
    """The code as printed, with its check character, which may be left out when typing. Raises BadPlaceCode.

    >>> validate("A-03-2-05"), validate("A-03-2")
    ('A-03-2-05-Q', 'A-03-2-9')
    """
    found = _CODE.fullmatch(compact(text))
    if found is None:
        raise BadPlaceCode(text=text.strip()[:40])
    room, rack, shelf, box, check = found.groups()
    parts = [part for part in (room, rack, shelf, box) if part]
    right = mod_37_36.calc_check_digit("".join(parts))
    if check is not None and check != right:
        raise BadPlaceCode(text=text.strip()[:40])
    return "-".join([*parts, right])


def is_valid(text: str) -> bool:
    """Whether the text is a place's code, in any spelling, with every character right."""
    try:
        validate(text)
    except BadPlaceCode:
        return False
    return True


def format(code: str) -> str:
    """A place as people say it. Raises BadPlaceCode.

    >>> format("A-03-2-05-Q"), format("A-03-2")
    ('A室03架2层05盒', 'A室03架2层')
    """
    found = _CODE.fullmatch(validate(code))
    assert found is not None
    room, rack, shelf, box, _check = found.groups()
    return f"{room}室{rack}架{shelf}层" + (f"{box}盒" if box else "")


def is_box(code: str) -> bool:
    """Whether it is a box, and not a shelf."""
    return validate(code).count("-") == 4


def box_of(shelf: str, number: int) -> str:
    """The code of a box on a shelf. Raises BadPlaceCode.

    >>> box_of("A-03-2", 5)
    'A-03-2-05-Q'
    """
    if is_box(shelf):
        raise BadPlaceCode(text=shelf)
    return validate(f"{validate(shelf)[:-2]}-{number:02d}")


def shelf_of(code: str) -> str:
    """The shelf that a box stands on; of a shelf itself.

    >>> shelf_of("A-03-2-05")
    'A-03-2-9'
    """
    parts = validate(code).split("-")
    return validate("-".join(parts[:3]))
