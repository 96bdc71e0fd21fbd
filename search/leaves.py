"""What one word of a question means: a unit in any spelling, a serial or its end, a date, a name, any fragment."""

from __future__ import annotations

import re
from collections.abc import Callable

from records import clock, identifiers
from search import analysis
from search.analysis import fold, fragment_form
from search.days import Days, days
from search.expressions import Expression, Span, Token, either, every, fragment
from search.index import Index
from search.tables import places_between

_NUMBER = "[0-9]{1,3}|[a-z][0-9]{0,2}|[〇零一二三四五六七八九十]{1,3}"
_BUILDING = re.compile(rf"({_NUMBER})(?:栋|幢|座|号楼|#)(?:({_NUMBER})(?:单元|门)?)?")
_UNIT_START = re.compile(r"([0-9]{1,3}|[a-z][0-9]{0,2})(?:-([0-9]{1,2})(?:-([0-9]{0,4}))?)?")
_SERIAL_START = re.compile(r"[a-z]{2}-?[0-9]{2}(?:-?[0-9]{1,4}(?:-?[0-9]{1,6}(?:-?[0-9a-z*])?)?)?-?")
_STATES = {
    "open": ("在用", "现业主"),
    "closed": ("原业主", "前业主", "已关闭", "关闭", "已另置"),
    "office": ("业务记录", "业务", "办公室"),
    "unsigned": ("缺签名", "未签", "未签名", "缺签"),
    "signed": ("签名齐全", "已签", "已签名", "齐签"),
}
_TO = re.compile(r"至|到|~")


def anywhere(index: Index, text: str) -> Expression | None:
    """A word without a field: all of what it is made of, anywhere in a document. None: nothing to look for."""
    folded = fold(text).strip()
    known = _unit_mentioned(folded) or _part_of_unit(folded) or _serial_mentioned(folded)
    if known:
        return known
    day, pieces = _day_mentioned(folded), _pieces(index, folded)
    return either([day, pieces]) if day and pieces else pieces


def phrase(index: Index, text: str) -> Expression | None:
    """A quoted phrase: character by character, punctuation and spaces aside."""
    folded = fold(text).strip()
    found = analysis.specials(folded)
    if found and (found[0].start, found[0].end) == (0, len(folded)):
        return Token(found[0].token)
    return _leaf(index, fragment_form(folded))


def beginning(index: Index, text: str) -> Expression | None:
    """A word of which only the beginning is given: ``HF-01-2026*``, ``3-2-12*``, ``wif*``, ``漏*``."""
    folded = fold(text).strip()
    known = (_unit_start(folded) if "-" in folded else None) or _serial_mentioned(folded)
    runs = list(analysis.runs(folded))
    if known or not runs or analysis.is_han(runs[-1]):
        return known or _pieces(index, folded)
    before = _pieces(index, " ".join(runs[:-1]))
    return every([Token(runs[-1], prefix=True), *([before] if before else [])])


def _pieces(index: Index, folded: str) -> Expression | None:
    found: list[Expression | None] = []
    end = 0
    for special in analysis.specials(folded):
        found += [*_words(index, folded[end : special.start]), Token(special.token)]
        end = special.end
    known = [piece for piece in [*found, *_words(index, folded[end:])] if piece is not None]
    return every(known) if known else None


def _words(index: Index, folded: str) -> list[Expression | None]:
    words: list[Expression | None] = []
    for run in analysis.runs(folded):
        cut = analysis.cut(run) if analysis.is_han(run) else [run]
        words += [_leaf(index, fragment_form(word)) for word in cut]
    return words


def _leaf(index: Index, text: str) -> Expression | None:
    """A fragment in the text, or in a name that the document's form goes by, or the end of its number."""
    if not text:
        return None
    forms = [Token(analysis.form_token(code)) for code in index.forms_called(text)]
    tail = [Token("t§" + text.strip())] if re.fullmatch("[0-9]{3,6}", text.strip()) else []
    return either([fragment("words", text), *forms, *tail, *_person(text)])


def _person(text: str) -> list[Expression]:
    """Owners by the sound of their names, and by four digits or more of a telephone or identity number."""
    word = text.strip()
    if re.fullmatch("[a-z]{2,}", word):
        return [Token(analysis.sound_token(word), prefix=True)]
    if re.fullmatch(f"[0-9]{{{analysis.FEWEST_DIGITS},}}x?", word):
        return [Token(analysis.digits_token(word), prefix=True)]
    return []


def _unit_mentioned(folded: str) -> Expression | None:
    # 138-0013-8000 is a telephone, though a unit may be written with such zeros.
    if not identifiers.is_valid(folded) or [found.kind for found in analysis.specials(folded)] == ["phone"]:
        return None
    return Token(analysis.mentioned_unit(identifiers.validate(folded)))


def _day_mentioned(folded: str) -> Expression | None:
    """One day that is written with digits, of whatever year it is: 20260331, 26年3月31日, 3月31日."""
    named = _days(folded) if re.fullmatch("[0-9]{8}|(?:[0-9]{2}年)?[0-9]{1,2}月[0-9]{1,2}[日号]?", folded) else None
    return Token(analysis.mentioned_date(named[0])) if named else None


def _part_of_unit(folded: str) -> Expression | None:
    token = _building(folded)
    return token and either([token, fragment("words", fragment_form(folded))])


def _building(folded: str) -> Token | None:
    match = _BUILDING.fullmatch(re.sub(r"\s", "", folded))
    if not match:
        return None
    # The rules for a whole unit also read these numbers; the door is any.
    whole = f"{match[1]}栋{match[2] or '1'}单元101"
    if not identifiers.is_valid(whole):
        return None
    building, entrance, _ = identifiers.validate(whole).lower().split("-")
    return Token(f"u§{building}x{entrance}" if match[2] else f"u§{building}")


def _unit_start(folded: str) -> Token | None:
    match = _UNIT_START.fullmatch(folded)
    if not match:
        return None
    given = [part for part in match.groups() if part]
    return Token("u§" + "x".join(given), prefix=bool(match[3]))


def unit_beginning(folded: str) -> str | None:
    """How the codes of all units of a building or entrance begin: ``3-`` of 3栋, ``3-2-`` of 3栋2单元.

    >>> unit_beginning("三栋"), unit_beginning("3-2"), unit_beginning("漏水")
    ('3-', '3-2-', None)
    """
    token = _building(folded) or _unit_start(folded)
    if token is None:
        return None
    code = token.text.removeprefix("u§").replace("x", "-").upper()
    return code if token.prefix else f"{code}-"


def unit_keys(folded: str) -> list[str]:
    """How a unit's code, or its end, begins in the register's keys (``search.names``), when this means units.

    >>> unit_keys("三栋"), unit_keys("3-2-12"), unit_keys("1201"), unit_keys("2-1201"), unit_keys("漏水")
    (['3-'], ['3-2-12'], ['1201'], ['2-1201'], [])
    """
    beginning = unit_beginning(folded)
    end = folded if re.fullmatch("(?:[0-9]{1,2}-)?[0-9]{3,4}[a-z]?", folded) else None
    if identifiers.is_valid(folded):
        beginning = identifiers.validate(folded)
    return [key.lower() for key in (beginning, end) if key]


def _serial_mentioned(folded: str) -> Expression | None:
    if not _SERIAL_START.fullmatch(folded):
        return None
    literal = fragment("words", fragment_form(folded))
    compact = re.sub("[-*]", "", folded)
    if len(compact) == len("hf01"):
        return either([Token(analysis.form_token(compact)), Token(compact), literal])
    mentioned = Token(*analysis.begun_serial(compact[: analysis.WHOLE_SERIAL], own=False))
    return either([mentioned, literal])


# With a field: None says that the text is no such thing.


def unit(_index: Index, text: str) -> Expression | None:
    """Documents of a unit, an entrance, or a building, in any spelling."""
    folded = fold(text).strip()
    if identifiers.is_valid(folded):
        return Token("u§" + identifiers.validate(folded).lower().replace("-", "x"))
    return _building(folded) or _unit_start(folded.rstrip("-*"))


def owner(_index: Index, text: str) -> Expression | None:
    """Documents in the dossier of an owner of whose name this is a fragment, or its sound, or of whose number."""
    form = fragment_form(fold(text))
    person = _person(re.sub(r"(?<=[0-9a-z])[\s-]+(?=[0-9a-z])", "", fold(text)))
    return either([fragment("owners", form), *person]) if form else None


def form(index: Index, text: str) -> Expression | None:
    """Documents of the forms that go by this name, or by a name that holds it."""
    codes = index.form_named(text) or index.forms_called(text)
    return either(Token(analysis.form_token(code)) for code in codes) if codes else None


def serial(_index: Index, text: str) -> Expression | None:
    """Documents whose own serial begins so, or whose number ends so."""
    compact = re.sub(r"[-\s*]", "", fold(text))
    if re.fullmatch("[0-9]{1,6}", compact):
        return Token("t§" + compact)
    if not re.fullmatch("[a-z]{2}[0-9a-z]{0,13}", compact):
        return None
    return Token(*analysis.begun_serial(compact, own=True))


def series(index: Index, text: str) -> Expression | None:
    """Documents of a procedure, by its code or name."""
    folded = fold(text).strip()
    codes = [folded] if re.fullmatch("[a-z]{2}", folded) else index.series_called(folded)
    return either(Token("p§" + code.lower()) for code in codes) if codes else None


def section(_index: Index, text: str) -> Expression | None:
    """Documents in a section of the owner dossier, by its key (``reno_agree``)."""
    key = fold(text).strip().replace("_", "")
    return Token(analysis.section_token(key)) if re.fullmatch("[a-z]+", key) else None


def state(_index: Index, text: str) -> Expression | None:
    """Documents by the state of their dossier, or by whether they lack a signature."""
    said = fold(text).strip()
    known = [key for key, called in _STATES.items() if said in (key, *called)]
    return Token(analysis.state_token(known[0])) if known else None


def dated(_index: Index, text: str) -> Expression | None:
    """Documents dated on a day, in a month or year, or in a range written in one word."""
    ends = _TO.split(fold(text).strip(), maxsplit=1)
    span = days_between(ends[0], ends[-1], False, False)
    return Span(*span) if span else None


FIELDED: dict[str, Callable[[Index, str], Expression | None]] = {
    "unit": unit,
    "owner": owner,
    "form": form,
    "serial": serial,
    "date": dated,
    "series": series,
    "section": section,
    "state": state,
}


def days_between(start: str | None, end: str | None, start_is_out: bool, end_is_out: bool) -> tuple[int, int] | None:
    """The places from one date to another, each a day, month or year; open where None. None: no such dates."""
    first, last = _days(start or "1900"), _days(end or "2999")
    if not first or not last or not (start or end):
        return None
    since, after = places_between(*first)
    before, until = places_between(*last)
    return (after + 1 if start_is_out else since), (before - 1 if end_is_out else until)


def _days(text: str) -> Days | None:
    return days(fold(text).strip(), clock.today())
