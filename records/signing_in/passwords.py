"""Passwords: long ones and none of the commonest, kept as argon2id with pinned parameters; one-time passwords."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache

import yaml
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

import templates
from records.errors import OfficeError

MINIMUM_PASSWORD = 12
LONGEST_PASSWORD = 256
#: Characters that a password must have beside what the commonest ones are made of.
_OWN_CHARACTERS = 4
# RFC 9106's second recommendation, pinned: a library's new defaults must not change what is stored unseen.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)
# No vowels and nothing that looks alike: it is read out at the desk.
_SPOKEN = "bcdfghjkmnpqrstvwxyz23456789"
_DIGITS = "01234567890123456789"


class WeakPassword(OfficeError):
    """A password that is too short."""

    code = "user.weak_password"
    zh = "密码至少需要 {minimum} 个字符。"
    en = "A password needs at least {minimum} characters."


class CommonPassword(OfficeError):
    """A password that stands on every list of common ones, or is the user's own name."""

    code = "user.common_password"
    zh = "这个密码太常见,容易被猜到。请换一个,例如一句只有您知道的话。"
    en = "This password is among the commonest. Choose another, for example a sentence that only you know."


class LongPassword(OfficeError):
    """A password longer than anybody types: hashing it would only cost time."""

    code = "user.long_password"
    zh = "密码最多 {longest} 个字符。"
    en = "A password has at most {longest} characters."


def digest(password: str) -> str:
    """The argon2id hash that is stored."""
    return _HASHER.hash(password)


def fits(stored: str, password: str) -> bool:
    """Whether the password is the one whose hash is stored."""
    try:
        return _HASHER.verify(stored, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


def needs_new_digest(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's: it is renewed when its user next signs in."""
    return _HASHER.check_needs_rehash(stored)


def require_strong(password: str, name: str) -> None:
    """Raise WeakPassword, LongPassword or CommonPassword for a password that may not be taken by this user."""
    if len(password) < MINIMUM_PASSWORD:
        raise WeakPassword(minimum=MINIMUM_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise LongPassword(longest=LONGEST_PASSWORD)
    if is_common(password, name):
        raise CommonPassword()


def is_common(password: str, name: str = "") -> bool:
    """Whether nothing is left of a password once what common ones are made of is taken out.

    >>> [is_common(text) for text in ("Password-1234", "aaaaaaaaaaaa", "三号楼的猫爱晒太阳", "blue stapler hums")]
    [True, True, False, False]
    """
    left = "".join(letter for letter in password.casefold() if letter.isalnum() or letter == "@")
    for piece in (*_name_pieces(name), *_pieces()):
        left = left.replace(piece, " ")
    left = re.sub(r"\d+", lambda found: " " if _runs_on(found[0]) else found[0], left).replace(" ", "")
    return len(set(left)) < _OWN_CHARACTERS


def _name_pieces(name: str) -> tuple[str, ...]:
    clean = "".join(letter for letter in name.casefold() if letter.isalnum())
    return (clean,) if len(clean) > 1 else ()


def _runs_on(digits: str) -> bool:
    """Whether digits count up or down, or repeat one another.

    >>> [_runs_on(text) for text in ("123456", "987654", "1111", "2026", "314159")]
    [True, True, True, True, False]
    """
    year = len(digits) == 4 and digits[:2] in {"19", "20"}
    return year or digits in _DIGITS or digits in _DIGITS[::-1] or len(set(digits)) < 3


@lru_cache(maxsize=1)
def _pieces() -> tuple[str, ...]:
    found: list[str] = yaml.safe_load(templates.read_text("common_passwords.yaml"))["pieces"]
    return tuple(sorted(found, key=len, reverse=True))


def one_time() -> str:
    """A password for one sign-in, as it is read out: four groups of four, 76 bits.

    >>> len(one_time())
    19
    """
    return "-".join("".join(secrets.choice(_SPOKEN) for _ in range(4)) for _ in range(4))


@lru_cache(maxsize=1)
def nobody() -> str:
    """The hash that is verified against when a name is unknown, so that the time taken does not tell who exists."""
    return digest(one_time())
