"""How names sound: pinyin in full and by initials, from every character of a name on."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

# Readings of words are not needed for names, and take half a second of every command to load.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")

from pypinyin.constants import PINYIN_DICT

#: Rare readings beyond these are in nobody's name; the product of them grows with the name.
_MOST_READINGS = 3
_MOST_SPELLINGS = 12
_LONGEST_NAME = 8


@lru_cache(maxsize=30_000)
def readings(character: str) -> tuple[str, ...]:
    """The pinyin of a character without tones, the most common first; ü is v as on keyboards, and u as often typed.

    >>> readings("张"), readings("曾"), readings("吕"), readings("a")
    (('zhang',), ('ceng', 'zeng'), ('lv', 'lu'), ())
    """
    found: list[str] = []
    for reading in PINYIN_DICT.get(ord(character), "").split(",")[:_MOST_READINGS]:
        plain = "".join(mark for mark in unicodedata.normalize("NFD", reading) if not unicodedata.combining(mark))
        umlaut = "\u0308" in unicodedata.normalize("NFD", reading)
        found += [plain.replace("u", "v"), plain] if umlaut else [plain]
    return tuple(dict.fromkeys(spelling for spelling in found if spelling.isascii() and spelling.isalpha()))


def spellings(name: str) -> set[str]:
    """All that a name's sound may begin with: from each character on, in full and by initials of two or more.

    >>> sorted(spellings("张伟"))
    ['wei', 'zhangwei', 'zw']
    """
    heard = [readings(character) for character in name[:_LONGEST_NAME]]
    heard = [sounds for sounds in heard if sounds]
    found: set[str] = set()
    for start in range(len(heard)):
        for combined in islice(product(*heard[start:]), _MOST_SPELLINGS):
            found.add("".join(combined))
            found.add("".join(sound[0] for sound in combined))
    return {spelling for spelling in found if len(spelling) > 1}


def whole_sounds(name: str) -> set[str]:
    """A whole name's sounds, in full.

    >>> sorted(whole_sounds("张强"))
    ['zhangjiang', 'zhangqiang']
    """
    heard = [sounds for character in name[:_LONGEST_NAME] if (sounds := readings(character))]
    return {"".join(one) for one in islice(product(*heard), _MOST_SPELLINGS)} - {""}


def with_surname(name: str) -> set[str]:
    """The surname in full and the rest by initials, as people type names.

    >>> with_surname("张建国")
    {'zhangjg'}
    """
    heard = [sounds for character in name[:_LONGEST_NAME] if (sounds := readings(character))]
    if len(heard) < 2:
        return set()
    rest = ["".join(one) for one in islice(product(*({s[0] for s in sounds} for sounds in heard[1:])), _MOST_SPELLINGS)]
    return {surname + initials for surname in heard[0] for initials in rest}


def sounds_like(name: str, typed: str) -> bool:
    """Whether a name, from one of its characters on, begins with what was typed: ``zhangwei``, ``zhangw``, ``zw``.

    >>> sounds_like("张伟强", "zw"), sounds_like("张伟强", "weiq"), sounds_like("张伟强", "li")
    (True, True, False)
    """
    first = typed[:1]
    if not any(sound.startswith(first) for character in name for sound in readings(character)):
        return False
    return any(spelling.startswith(typed) for spelling in spellings(name))


def syllables(text: str) -> Iterator[str]:
    """The most common reading of every character that has one; of two that sound alike, these are equal.

    >>> list(syllables("漏水")) == list(syllables("陋水"))
    True
    """
    for character in text:
        if found := readings(character):
            yield found[0]
