"""Suggestions while typing, and "did you mean" when nothing was found; never from content that one may not see."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.tables import Document
from search import analysis, leaves, names, sounds
from search.analysis import fold
from search.asking import Visible
from search.expressions import Expression, Token, either, every
from search.index import Index
from search.results import finds_anything
from search.tables import SearchEntry, document_at
from search.walking import newest

Kind = Literal["unit", "owner", "form", "serial"]

_PER_KIND = 5
#: From how many of the newest documents that one may see words are taken for "did you mean".
_DOCUMENTS_READ = 200
_MOST_TRIED = 12
_MOST_MEANT = 3
#: No serial is older.
_FIRST_YEAR = 2000
_FIELD = re.compile(r"(单元|房号|unit|业主|姓名|owner|表单|form|编号|serial)[:：]", re.IGNORECASE)
_KIND_OF: dict[str, Kind] = {
    "单元": "unit", "房号": "unit", "unit": "unit", "业主": "owner", "姓名": "owner", "owner": "owner",
    "表单": "form", "form": "form", "编号": "serial", "serial": "serial",
}  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """One way to go on: what kind of thing, and the whole question with it in the place of the last word."""

    kind: Kind
    name: str
    text: str


def suggest(session: Session, index: Index, typed: str, *, visible: Visible, register: bool) -> list[Suggestion]:
    """What the last word of a question may become: units and owners of the register, forms, serials.

    ``register``: whether the asker's role works with the register of units and owners. Serials are those of documents
    that the asker may know of. Forms are everybody's.
    """
    head, _, last = typed.rpartition(" ")
    field = _FIELD.match(last)
    only, name = (_KIND_OF[field[1].lower()], field.group()) if field else (None, "")
    word = fold(last.removeprefix(name)).strip()
    before = f"{head} {name}".lstrip()
    found: list[tuple[Kind, Iterable[str]]] = [
        ("unit", _units(session, word) if register else ()),
        ("owner", _owners(session, word, visible) if register else ()),
        ("form", _forms(index, word)),
        ("serial", _serials(session, index, word, visible)),
    ]
    if not word:
        return []
    return [
        Suggestion(kind, one, before + one)
        for kind, called in found
        if only in {None, kind}
        for one in islice(called, _PER_KIND)
    ]


def _units(session: Session, word: str) -> Iterator[str]:
    for key in leaves.unit_keys(word):
        # Two estates may have units of one code.
        yield from dict.fromkeys(code for _, code in names.units_called(session, key, 2 * _PER_KIND))


def _owners(session: Session, word: str, visible: Visible) -> Iterator[str]:
    if not re.search("[0-9]", word):
        owners = names.owners_called(session, word, _PER_KIND)
        persons = names.persons_called(session, word, _PER_KIND, visible.dossiers)
        yield from dict.fromkeys(name for _, name in [*owners, *persons])


def _forms(index: Index, word: str) -> Iterator[str]:
    codes = index.forms_called(word) or index.forms_heard(word)
    yield from (index.name_of(code) for code in codes)


def _serials(session: Session, index: Index, word: str, visible: Visible) -> Iterator[str]:
    meant = _serial_begun(word) or (
        leaves.serial(index, word) if re.fullmatch(r"[a-z]{2}-?[0-9][0-9a-z*-]*|[0-9]{3,6}", word) else None
    )
    if meant is None:
        return
    places = newest(session, every([visible.expression(), meant]), _PER_KIND)
    ids = [document_at(place) for place in places]
    serials = dict(session.execute(select(Document.id, Document.serial).where(Document.id.in_(ids))).all())
    yield from (serial for document_id in ids if (serial := serials.get(document_id)))


def _serial_begun(word: str) -> Expression | None:
    """A form's code, or it with the beginning of a year: by the form, or year by year, whose lists are read lazily.

    The beginning of a token would first gather every serial of the form (13 ms at 100,000).
    """
    compact = re.sub("[-*]", "", word)
    if re.fullmatch("[a-z]{2}[0-9]{2}", compact):
        return Token(analysis.form_token(compact))
    if not re.fullmatch("[a-z]{2}[0-9]{3,6}", compact):
        return None
    form, year = compact[:4], compact[4:]
    years = [str(one) for one in range(clock.today().year + 1, _FIRST_YEAR - 1, -1) if str(one).startswith(year)]
    return either(Token(f"j§{form}{one}") for one in years)


def did_you_mean(session: Session, index: Index, text: str, *, visible: Visible, register: bool) -> list[str]:
    """Questions near one that found nothing, each of which finds something that the asker may know of.

    Near is what sounds alike or differs in a character: names of forms and procedures, present owners (``register``),
    and words of the newest documents that the asker may see.
    """
    known = _known(session, index, visible)
    meant: list[str] = []
    for question in islice(_nearby(session, text, known, register=register), _MOST_TRIED):
        if finds_anything(session, index, question, visible):
            meant.append(question)
        if len(meant) == _MOST_MEANT:
            break
    return meant


def _known(session: Session, index: Index, visible: Visible) -> Mapping[int, list[str]]:
    """Words that something is called or says, by their length."""
    places = newest(session, visible.expression(), _DOCUMENTS_READ)
    query = select(SearchEntry.words).where(SearchEntry.place.in_(places))
    runs = {run for words in session.scalars(query) for run in words.split()}
    said = {word for run in runs for word in (analysis.cut(run) if analysis.is_han(run) else [run])}
    known: defaultdict[int, list[str]] = defaultdict(list)
    for word in sorted({*index.all_names(), *said}):
        known[len(word)].append(word)
    return known


def _nearby(session: Session, text: str, known: Mapping[int, list[str]], *, register: bool) -> Iterator[str]:
    """The question with one of its words replaced by a known one that is near, the nearest first."""
    pieces = text.split()
    for place, piece in enumerate(pieces):
        # Whole first: the dictionary cuts apart a name that it does not know.
        folded = fold(piece)
        for word in dict.fromkeys([folded, *(analysis.cut(folded) if analysis.is_han(folded) else [])]):
            around = [other for length in range(len(word) - 1, len(word) + 2) for other in known.get(length, ())]
            around += [fold(name) for name in names.names_near(session, word)] if register else []
            near = sorted({(far, other) for other in around if (far := _distance(word, other)) is not None})
            for _, other in near:
                yield " ".join([*pieces[:place], folded.replace(word, other), *pieces[place + 1 :]])


def _distance(word: str, other: str) -> int | None:
    """How far two words are: 0 where they sound alike, else characters changed; None: too far, or the same."""
    if word == other or len(word) < 2 or abs(len(word) - len(other)) > 1:
        return None
    if analysis.is_han(word) and list(sounds.syllables(word)) == list(sounds.syllables(other)):
        return 0
    changed = _changed(word, other)
    return changed if changed <= (len(word) - 1) // 2 and changed <= 2 else None


def _changed(word: str, other: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(other) + 1))
    for place, character in enumerate(word, start=1):
        previous, row[0] = row[0], place
        for at, against in enumerate(other, start=1):
            previous, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, previous + (character != against))
    return row[-1]
