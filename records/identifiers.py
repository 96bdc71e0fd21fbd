"""Unit codes and dossier numbers: small rules with the verbs compact, validate, is_valid, format."""

from __future__ import annotations

import re
import unicodedata

from records.errors import OfficeError

_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_SPOKEN = re.compile(r"^(.+?)(?:栋|幢|座|号楼|#)(.*)$")
# Zeros in front say nothing: 03栋02单元0101 is 3栋2单元101. A door keeps three digits, floor and number.
_PADDING = re.compile(r"(?:(?<=^)|(?<=^[A-Z])|(?<=-))0+(?=[0-9]+-)|(?<=-)0(?=[0-9]{3}[A-Z]?$)")
_UNIT = re.compile(r"^([0-9]{1,3}|[A-Z][0-9]{0,2})-([0-9]{1,2})-([0-9]{3,4}[A-Z]?)$")


class BadUnitCode(OfficeError):
    """What was typed is no unit code."""

    code = "unit.bad_code"
    zh = "单元房号无法识别:{text}(请写作 3-2-1201,即3栋2单元1201)。"
    en = "Not a unit: {text} (write 3-2-1201: building 3, entrance 2, door 1201)."


def compact(text: str) -> str:
    """Bring any common spelling of a unit to its code, without checking it.

    >>> compact("3栋2单元1201室"), compact("3#2-1201"), compact("三栋二单元1201")
    ('3-2-1201', '3-2-1201', '3-2-1201')
    """
    clean = unicodedata.normalize("NFKC", text).upper().replace(" ", "")
    clean = re.sub("[室房户号]+$", "", clean)
    spoken = _SPOKEN.match(clean)
    if spoken:
        head, rest = spoken.groups()
        entrance, _, door = re.sub(r"单元|门", "-", rest, count=1).lstrip("-").partition("-")
        clean = "-".join((_number(head), _number(entrance), door))
    return re.sub(r"[\-‐–—_/.]+", "-", clean).strip("-")


def _number(text: str) -> str:
    """A small number in digits, from Chinese numerals up to 九十九 where need be."""
    if "十" in text:
        tens, _, ones = text.partition("十")
        return str(int((tens or "一").translate(_DIGITS)) * 10 + int((ones or "零").translate(_DIGITS)))
    return text.translate(_DIGITS)


def validate(text: str) -> str:
    """The clean unit code. Raises BadUnitCode.

    >>> validate("3栋2单元1201"), validate("03-02-0101")
    ('3-2-1201', '3-2-101')
    """
    try:
        code = _PADDING.sub("", compact(text))
    except ValueError:
        raise BadUnitCode(text=text) from None
    if not _UNIT.match(code):
        raise BadUnitCode(text=text)
    return code


def is_valid(text: str) -> bool:
    """Whether the text is a unit in any common spelling."""
    try:
        validate(text)
    except BadUnitCode:
        return False
    return True


def format(code: str) -> str:
    """A unit code as people say it.

    >>> format("3-2-1201")
    '3栋2单元1201'
    """
    building, entrance, door = validate(code).split("-")
    return f"{building}栋{entrance}单元{door}"


def building_of(code: str) -> str:
    """The building 楼栋 of a unit code.

    >>> building_of("3-2-1201")
    '3'
    """
    return validate(code).split("-")[0]


def dossier_number(unit_code: str, ownership_ordinal: int) -> str:
    """The number 档号 of a dossier: the unit and the how-manieth ownership of it.

    >>> dossier_number("3-2-1201", 2)
    'DA-3-2-1201-02'
    """
    return f"DA-{unit_code}-{ownership_ordinal:02d}"
