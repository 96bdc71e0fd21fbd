"""A secret key as it stands on paper: numbered lines of two groups, each line with a check character of its own.

What is on the paper is the ordinary age secret ``AGE-SECRET-KEY-1…``, so that the ``age`` program takes it typed in as
one line. The check characters (ISO 7064 MOD 37-2, the line's number counted in) say in which line a slip is; age's
own checksum over the whole decides in the end.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyrage
from stdnum.iso7064 import mod_37_2

from records.errors import OfficeError
from records.vault.master_key import Identity

START = "AGE-SECRET-KEY-1"
LENGTH = 58
A_LINE = 10
LINES = 6


class PaperKeyMistyped(OfficeError):
    """A line of the paper was not copied as it stands there."""

    code = "vault.paper_key_line"
    zh = "恢复密钥第 {line} 行与校验字符不符,请对照纸面重新输入。"
    en = "Line {line} of the recovery key does not agree with its check character; compare it with the paper."


class NoPaperKey(OfficeError):
    """What was typed in is no recovery key."""

    code = "vault.paper_key"
    zh = "这不是恢复密钥:应为 6 行,每行末尾一个校验字符;或以 AGE-SECRET-KEY-1 开头的一整行。"
    en = "This is no recovery key: six lines with a check character each, or one line beginning AGE-SECRET-KEY-1."


def lines(secret: str) -> list[tuple[str, str, str]]:
    """The paper's lines: two groups, and the check character.

    >>> lines("AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2)[0]
    ('QPZRY', '9X8GF', 'H')
    """
    parts = list(_parts(secret.removeprefix(START)[:LENGTH]))
    return [(part[:5], part[5:], _check(number, part)) for number, part in enumerate(parts, start=1)]


def read(text: str) -> Identity:
    """The key that was typed in, in lines as on the paper or as age writes it. Raises PaperKeyMistyped, NoPaperKey."""
    whole = "".join(text.upper().split())
    if START not in whole:
        whole = START + "".join(read_line(number, line) for number, line in enumerate(_filled(text), start=1))
    try:
        return Identity.from_str(whole[whole.index(START) :][: len(START) + LENGTH])
    except pyrage.IdentityError:
        raise NoPaperKey() from None


def read_line(number: int, text: str) -> str:
    """One line without its check character. Raises PaperKeyMistyped."""
    clean = "".join(letter for letter in text.upper() if letter.isalnum() or letter == "*")
    wanted = A_LINE if number < LINES else LENGTH - A_LINE * (LINES - 1)
    body, check = clean[:-1], clean[-1:]
    if len(body) != wanted or not body.isascii() or _check(number, body) != check:
        raise PaperKeyMistyped(line=number)
    return body


def _filled(text: str) -> list[str]:
    found = [line for line in text.splitlines() if line.strip()]
    if len(found) != LINES:
        raise NoPaperKey()
    return found


def _parts(body: str) -> Iterator[str]:
    for start in range(0, LENGTH, A_LINE):
        yield body[start : start + A_LINE]


def _check(number: int, part: str) -> str:
    return str(mod_37_2.calc_check_digit(f"{number}{part}"))
