"""Chinese text as tokens: one analysis for what is indexed and what is asked, and the version of it.

Every pair of neighbouring Chinese characters is a token, so that any fragment somebody remembers is found wherever it
stands; nothing depends on how a dictionary would cut its context. The dictionary cuts the question only. One character
is asked for as the beginning of pairs; the last of a run, which begins none, is a token by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from operator import add
from typing import Literal

import rjieba

from records import identifiers
from search import sounds
from search.characters import simplify

#: Index and question must agree: entries of another version are stale. Unicode's tables decide what a letter is.
VERSION = f"4/{unicodedata.unidata_version}"
#: Longer text of one document is not indexed beyond this: PostgreSQL's tsvector ends at 1 MiB.
LONGEST_TEXT = 100_000
_LONGEST_TOKEN = 64
#: Fewer digits of a telephone or identity number would name half the estate.
FEWEST_DIGITS = 4
#: Letters and digits of a serial without its check character: hf012026000123.
WHOLE_SERIAL = 14
_YEAR_OF_FORM = len("hf012026")

# Ideographs and what is written among them without spaces. Planes 2 and 3 whole, and the private areas where old
# systems keep rare name characters: neither the engines' nor Python's Unicode tables know all of them.
_HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\ue000-\uf8ff\uf900-\ufaff"
    "\U00020000-\U0003fffd\U000f0000-\U0010fffd"
)
# White space between characters is the scanner's, not the writer's (OCR puts it there, and ends lines anywhere).
_RUN = re.compile(rf"(?P<han>[{_HAN}](?:\s*[{_HAN}])*)|[^\W_{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")
_SPACE = re.compile(r"\s+")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_NUMERAL = "[0-9]{1,3}|[〇零一二三四五六七八九十]{1,3}"
_UNIT_SIGN = re.compile("[-‐–—栋幢座#]|号楼")
_UNIT = re.compile(
    r"(?<![0-9a-z-])(?:[0-9]{1,3}|[a-z][0-9]{0,2})[-‐–—][0-9]{1,2}[-‐–—][0-9]{3,4}[a-z]?(?![0-9a-z]|[-‐–—][0-9a-z])"
    rf"|(?:(?<![0-9a-z])[a-z][0-9]{{0,2}}|(?<![0-9]){_NUMERAL})\s*(?:栋|幢|座|号楼|#)\s*(?:{_NUMERAL})\s*(?:单元|门|-)\s*"
    r"[0-9]{3,4}[a-z]?(?![0-9a-z])"
)
_SERIAL = re.compile(r"(?<![0-9a-z])([a-z]{2})-?([0-9]{2})-?([0-9]{4})-?([0-9]{6})(?:-?([0-9a-z*]))?(?![0-9a-z])")
_DATE = re.compile(
    r"(?<![0-9])([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])|年([0-9]{1,2})月([0-9]{1,2})日?)"
)
_PHONE = re.compile(r"(?<![0-9])(?:1[0-9]{2}[- ][0-9]{4}[- ][0-9]{4}|0[0-9]{2,3}-[0-9]{7,8})(?![0-9])")

# Words too common to ask for beside others; they never decide what somebody meant.
_PARTICLES = frozenset("的了和与及")

Kind = Literal["unit", "serial", "date", "phone"]


@dataclass(frozen=True)
class Special:
    """Something with a form of its own in folded text, from ``start`` to ``end``, and its one token."""

    start: int
    end: int
    kind: Kind
    token: str


def fold(text: str) -> str:
    """Full width to half, compatibility forms to plain ones, traditional to simplified, lower case.

    What no engine can store is dropped.

    >>> fold("ＨＦ－０１　衛生間")
    'hf-01 卫生间'
    """
    return simplify(unicodedata.normalize("NFKC", _UNWRITABLE.sub(" ", text)).lower())


def is_han(run: str) -> bool:
    """Whether a run is of Chinese characters (a run never mixes them with letters and digits)."""
    return bool(_IS_HAN.match(run))


def runs(folded: str) -> Iterator[str]:
    """The unbroken runs of Chinese characters and of letters and digits, in order; all else only separates.

    >>> list(runs("3栋 漏 水,wifi坏"))
    ['3', '栋漏水', 'wifi', '坏']
    """
    for match in _RUN.finditer(folded):
        run = match.group()
        yield _SPACE.sub("", run) if match["han"] else run[:_LONGEST_TOKEN]


def normal_form(folded: str) -> str:
    """Text as its runs with one space between and around them: what a fragment is looked up in."""
    return f" {' '.join(runs(folded))} "


def fragment_form(folded: str) -> str:
    """A fragment as it reads in a normal form: letters and digits stand whole, Chinese joins what is around it.

    >>> fragment_form("12栋"), fragment_form("漏水")
    (' 12 栋', '漏水')
    """
    parts = list(runs(folded))
    if not parts:
        return ""
    left, right = (("" if is_han(part) else " ") for part in (parts[0], parts[-1]))
    return f"{left}{' '.join(parts)}{right}"


def run_tokens(run: str) -> list[str]:
    """The tokens that every text with this run has: the pairs of neighbours, or the run itself (see ``begins``).

    >>> run_tokens("卫生间"), run_tokens("水"), run_tokens("wifi")
    (['卫生', '生间'], ['水'], ['wifi'])
    """
    if len(run) <= 2 or not is_han(run):
        return [run]
    return [run[i : i + 2] for i in range(len(run) - 1)]


def begins(token: str) -> bool:
    """Whether a token of a question is to be asked for as the beginning of others: one Chinese character."""
    return len(token) == 1 and is_han(token)


def words_tokens(words: str) -> set[str]:
    """The tokens of a text in normal form: pairs of neighbours, the last of each run, words of letters and digits.

    An engine takes a document out of its lists by these: to change the rule needs a migration that empties them.

    >>> sorted(words_tokens(" 12 栋漏水 "))
    ['12', '栋漏', '水', '漏水']
    """
    tokens: set[str] = set()
    for run in words.split():
        if run.isascii() or not is_han(run):
            tokens.add(run)
        else:
            tokens.update(map(add, run, run[1:]))
            tokens.add(run[-1])
    return tokens


def specials(folded: str) -> list[Special]:
    """Units, serials, dates and phones in a text, in order, none inside another."""
    found = [*_found_units(folded), *_found_serials(folded), *_found_dates(folded), *_found_phones(folded)]
    found.sort(key=lambda special: (special.start, -special.end))
    kept: list[Special] = []
    for special in found:
        if not kept or special.start >= kept[-1].end:
            kept.append(special)
    return kept


def _found_units(folded: str) -> Iterator[Special]:
    for match in _UNIT.finditer(folded) if _UNIT_SIGN.search(folded) else ():
        if identifiers.is_valid(match.group()):
            yield Special(match.start(), match.end(), "unit", mentioned_unit(identifiers.validate(match.group())))


def _found_serials(folded: str) -> Iterator[Special]:
    for match in _SERIAL.finditer(folded):
        yield Special(match.start(), match.end(), "serial", "r§" + "".join(match.groups("")[:4]))


def _found_dates(folded: str) -> Iterator[Special]:
    for match in _DATE.finditer(folded):
        year, _, month, day, spoken_month, spoken_day = match.groups()
        try:
            found = date(int(year), int(month or spoken_month), int(day or spoken_day))
        except ValueError:
            continue
        yield Special(match.start(), match.end(), "date", mentioned_date(found))


def _found_phones(folded: str) -> Iterator[Special]:
    for match in _PHONE.finditer(folded):
        yield Special(match.start(), match.end(), "phone", re.sub("[- ]", "", match.group()))


# Tagged tokens. The sign § is in no text token, so that nothing written in a document passes for a fact about it.


def mentioned_unit(code: str) -> str:
    """The token of a unit that a document is about, or names.

    >>> mentioned_unit("3-2-1201")
    'm§3x2x1201'
    """
    return "m§" + code.lower().replace("-", "x")


def unit_tokens(code: str) -> list[str]:
    """The tokens of a document's own unit: building, entrance, the unit, and its door number by itself.

    >>> unit_tokens("3-2-1201")
    ['u§3', 'u§3x2', 'u§3x2x1201', 'm§3x2x1201', '1201']
    """
    building, entrance, door = code.lower().split("-")
    return [
        f"u§{building}",
        f"u§{building}x{entrance}",
        f"u§{building}x{entrance}x{door}",
        mentioned_unit(code),
        door,
    ]


def serial_tokens(serial: str) -> list[str]:
    """The tokens of a document's own serial: whole, with and without check character, its year, its last digits.

    >>> serial_tokens("HF-01-2026-000123-7")[:5]
    ['n§hf012026000123', 'j§hf012026', 'n§hf0120260001237', 'r§hf012026000123', 'k§hf012026']
    >>> serial_tokens("HF-01-2026-000123-7")[5:]
    ['t§123', 't§0123', 't§00123', 't§000123']
    """
    match = _SERIAL.fullmatch(fold(serial))
    if not match:
        compact = "".join(runs(fold(serial)))
        return [f"n§{compact}", f"j§{compact}"]
    form, ordinal, year, number, check = match.groups("")
    whole = f"{form}{ordinal}{year}{number}"
    tails = {number[i:] for i in range(len(number) - 2)} | {number.lstrip("0")}
    checked = [f"n§{whole}{check}"] if check.strip("*") else []
    ends = [f"t§{tail}" for tail in sorted(tails - {""}, key=len)]
    return [f"n§{whole}", f"j§{form}{ordinal}{year}", *checked, *mentioned_serial(whole), *ends]


def mentioned_serial(compact: str) -> list[str]:
    """The tokens of a serial that a document bears or names, without hyphens: whole, and the year of its form."""
    return [f"r§{compact}", f"k§{compact[:_YEAR_OF_FORM]}"]


def begun_serial(compact: str, *, own: bool) -> tuple[str, bool]:
    """The token of a serial's beginning without hyphens, and whether it is only the token's beginning.

    A year of a form has a token of its own: its serials are too many to be gone through one by one.

    >>> begun_serial("hf0120260", own=True), begun_serial("hf012026", own=True), begun_serial("hf012026", own=False)
    (('n§hf0120260', True), ('j§hf012026', True), ('k§hf012026', True))
    """
    if len(compact) <= _YEAR_OF_FORM:
        return ("j§" if own else "k§") + compact, True
    return ("n§" if own else "r§") + compact, len(compact) < WHOLE_SERIAL


def mentioned_date(day: date) -> str:
    """The token of a date that a document bears or names."""
    return f"y§{day:%Y%m%d}"


def form_token(form_code: str) -> str:
    """The token of a document's form."""
    return "f§" + form_code.lower().replace("-", "")


def series_tokens(form_code: str, series: str | None) -> list[str]:
    """The tokens of the procedure that a document belongs to, by its form and by the series it is filed in."""
    return sorted({"p§" + form_code.partition("-")[0].lower(), *(["p§" + series.lower()] if series else [])})


def scope_token(dossier_id: int | None) -> str:
    """The token of whoever may see a document: its dossier, or the office's own series."""
    return "d§" if dossier_id is None else f"d§{dossier_id}"


def section_token(section: str) -> str:
    """The token of the section of a dossier that a document is filed in."""
    return "s§" + section.replace("_", "")


def state_token(state: str) -> str:
    """The token of a state of a document or of its dossier."""
    return f"a§{state}"


def owner_tokens(folded_names: str) -> set[str]:
    """The tokens of owners' names, so that a name is asked for as a name, and by its sound; every character too.

    >>> sorted(token for token in owner_tokens("张伟") if token.startswith("q"))
    ['q§wei', 'q§zhangwei', 'q§zw']
    """
    named = list(runs(folded_names))
    heard = {f"q§{spelling}" for run in named if is_han(run) for spelling in sounds.spellings(run)}
    single = {character for run in named if is_han(run) for character in run}
    return {"o§" + token for token in words_tokens(" ".join(named)) | single} | heard


def sound_token(word: str) -> str:
    """The token that begins as the sound of an owner's name; ask for it as a prefix."""
    return "q§" + word


def number_tokens(number: str) -> set[str]:
    """The tokens of an owner's telephone or identity number: each end of it, of which any fragment is a beginning.

    >>> sorted(number_tokens("010-888"))
    ['h§010888', 'h§0888', 'h§10888']
    """
    digits = re.sub("[^0-9x]", "", fold(number))
    return {f"h§{digits[start:]}" for start in range(len(digits) - FEWEST_DIGITS + 1)}


def digits_token(fragment: str) -> str:
    """The token that begins as a fragment of an owner's number; ask for it as a prefix."""
    return "h§" + fragment


def cut(run: str) -> list[str]:
    """A run of Chinese as the words of a question. Single characters stay with their neighbours: they are names.

    >>> cut("卫生间漏水"), cut("漏水的卫生间"), cut("人住通知书")
    (['卫生间', '漏水'], ['漏水', '卫生间'], ['人住', '通知书'])
    """
    words: list[str] = []
    joins = False
    for word in rjieba.cut(run, True):
        if word in _PARTICLES and word != run:
            joins = False
            continue
        alone = len(word) == 1
        if words and joins and (alone or len(words[-1]) == 1):
            words[-1] += word
        else:
            words.append(word)
        joins = True
    return words or [run]
