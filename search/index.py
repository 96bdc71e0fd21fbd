"""The index follows the records: written in the act's own transaction, rebuilt at any time, checked against them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from records import changes, clock
from records.database import Database
from records.tables import Document
from records.verify import Finding
from search import analysis, names, rebuilding, shadow
from search.analysis import fold, fragment_form, is_han, normal_form
from search.engine import Kept
from search.engines import engine_for
from search.sounds import spellings
from search.sources import Analysed, Source, gather
from search.tables import LIVE, SearchEntry, chosen, document_at, state_of

Progress = Callable[[int, int], None]

_BATCH = 200
_BROKEN = Finding("search.broken", "search", "全文索引已损坏,请重建", "the search index is broken: rebuild it")


class Index:
    """The index of one installation.

    ``names``: per form code, the form's name and all its aliases; ``series``: per procedure code, its names. They are
    looked up when a question is asked, so a new alias finds old documents at once.
    """

    def __init__(self, names: Mapping[str, Sequence[str]], series: Mapping[str, Sequence[str]] | None = None) -> None:
        self._forms = {code: _normal_names(called) for code, called in names.items()}
        self._named = {code: tuple(called) for code, called in names.items()}
        self._series = {code: _normal_names(called) for code, called in (series or {}).items()}

    def forms_called(self, name: str) -> list[str]:
        """The codes of forms of which a name holds this fragment (in fragment form)."""
        return _called(self._forms, name)

    def series_called(self, name: str) -> list[str]:
        """The codes of procedures of which a name holds this fragment (in fragment form)."""
        return _called(self._series, name)

    def form_named(self, name: str) -> list[str]:
        """The codes of forms that go by exactly this code, name or alias, in any width and case."""
        wanted = normal_form(fold(name))
        return [code for code, called in self._forms.items() if wanted in (*called, normal_form(fold(code)))]

    def forms_heard(self, typed: str) -> list[str]:
        """The codes of forms of which a name sounds like this: ``ruzhu``, ``rztzs``."""
        wanted = fold(typed).strip()
        if not re.fullmatch("[a-z]{2,}", wanted):
            return []
        return sorted(code for code, heard in self._heard.items() if any(one.startswith(wanted) for one in heard))

    def name_of(self, code: str) -> str:
        """A form's name: the first in Chinese, else the first."""
        names = self._named[code]
        return next((name for name in names if is_han(fold(name))), names[0])

    def all_names(self) -> list[str]:
        """Every name of a form or procedure, folded."""
        called = [name for names in (self._forms, self._series) for every in names.values() for name in every]
        return list(dict.fromkeys(name.strip() for name in called))

    @cached_property
    def _heard(self) -> dict[str, set[str]]:
        return {
            code: {spelling for name in names for run in name.split() for spelling in spellings(run)}
            for code, names in self._forms.items()
        }

    def follow(self, session: Session) -> None:
        """Bring the entries of all touched documents up to date, inside the same transaction."""
        touched = changes.touched(session)
        if touched:
            shadow.note(session, touched)
        for batch in _batches(touched):
            self._write(session, batch)

    def rebuild(self, database: Database, progress: Progress | None = None) -> int:
        """Make the index anew in a shadow while people search and file; the number of documents.

        Safe to repeat after a kill: the old index stays in force until the new one is whole. Raises
        ``rebuilding.RebuildRunning``.
        """
        with database.transaction() as session:
            names.rebuild(session)
        return rebuilding.rebuild(database, progress)

    @staticmethod
    def is_outdated(session: Session) -> bool:
        """Whether the index should be made anew.

        It was cut by another version of the analysis, so that questions and entries no longer agree; or a builder was
        killed; or the newest part has outgrown what a page of results should have to look through.
        """
        state = state_of(session)
        alive = state.leased_until is not None and state.leased_until > clock.now()
        reasons = state.analysis != analysis.VERSION or state.building is not None
        return not alive and (reasons or engine_for(session).is_outgrown(session))

    def findings(self, session: Session) -> Iterator[Finding]:
        """What the index says differently from the records, by document."""
        engine = engine_for(session)
        if not engine.is_sound(session):
            yield _BROKEN
            return
        known = set(session.scalars(select(SearchEntry.place)))
        try:
            places = engine.places(session)
            differing = engine.disagreeing(session, lambda: _kept(session, places)) & known
        except DBAPIError:
            yield _BROKEN
            return
        ids = list(session.scalars(select(Document.id).where(Document.state == "filed").order_by(Document.id)))
        for batch in _batches(ids):
            yield from _compare(session, batch, places, differing)
        strays = set(session.scalars(select(SearchEntry.document_id))) - set(ids)
        for document_id in sorted(strays | {document_at(place) for place in places - known}):
            yield _finding("extra", document_id, "不应在索引中", "is in the index and should not be")

    def _write(self, session: Session, document_ids: Sequence[int]) -> None:
        # Two acts may touch one document at once; the later waits here and then indexes what both have written.
        lock = select(Document.id).where(chosen(session, Document.id, document_ids)).order_by(Document.id)
        session.execute(lock.with_for_update(key_share=True)).all()
        known = {entry.document_id: entry for entry in _entries(session, document_ids)}
        analysed = {source: source.analysed() for source in gather(session, document_ids)}
        same = {
            source.document_id
            for source, own in analysed.items()
            if source.document_id in known and known[source.document_id].digest == own.digest
        }
        _forget(session, [entry for entry in known.values() if entry.document_id not in same])
        changed = {source: own for source, own in analysed.items() if source.document_id not in same}
        session.add_all(_entry(source, own) for source, own in changed.items())
        session.flush()
        kept = [(source.place, own.words, own.facts) for source, own in changed.items()]
        engine_for(session).put(session, kept)


def _normal_names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(normal_form(fold(name)) for name in names)


def _called(names: Mapping[str, tuple[str, ...]], text: str) -> list[str]:
    wanted = fragment_form(fold(text))
    # A text in fragment form already keeps its gaps; to fold it again would close them: 登记(产权证书).
    return sorted(
        code for code, called in names.items() if wanted and any(wanted in name or text in name for name in called)
    )


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]


def _entries(session: Session, document_ids: Sequence[int]) -> list[SearchEntry]:
    query = select(SearchEntry).where(chosen(session, SearchEntry.document_id, document_ids))
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _entry(source: Source, own: Analysed) -> SearchEntry:
    return SearchEntry(
        document_id=source.document_id,
        place=source.place,
        dossier_id=source.dossier_id,
        series=source.series,
        unit_code=source.unit_code,
        form_code=source.form_code,
        dated=source.dated,
        analysis=analysis.VERSION,
        digest=own.digest,
        owners=own.owners,
        facts=own.facts,
        words=own.words,
    )


def _forget(session: Session, entries: Sequence[SearchEntry]) -> None:
    shadow.forget(session, [entry.document_id for entry in entries], LIVE)
    for entry in entries:
        session.expunge(entry)


def _kept(session: Session, places: Container[int]) -> Iterator[Kept]:
    """All entries as the engine should keep them, of those that it knows."""
    query = select(SearchEntry.place, SearchEntry.words, SearchEntry.facts).execution_options(yield_per=1000)
    for place, words, facts in session.execute(query):
        if place in places:
            yield place, words, facts


def _compare(
    session: Session, document_ids: Sequence[int], places: Container[int], differing: Container[int]
) -> Iterator[Finding]:
    known = {entry.document_id: entry for entry in _entries(session, document_ids)}
    for source in gather(session, document_ids):
        entry, own = known.get(source.document_id), source.analysed()
        if entry is None or entry.place not in places:
            yield _finding("missing", source.document_id, "不在索引中", "is not in the index")
        elif entry.place in differing or _says(entry) != (source.dossier_id, own.digest, own.words, own.facts):
            yield _finding("stale", source.document_id, "与索引不一致", "is indexed differently from what it holds")


def _says(entry: SearchEntry) -> tuple[int | None, str, str, str]:
    return entry.dossier_id, entry.digest, entry.words, entry.facts


def _finding(kind: str, document_id: int, zh: str, en: str) -> Finding:
    subject = f"document:{document_id}"
    return Finding(f"search.{kind}", subject, f"文件 {document_id} {zh}", f"document {document_id} {en}")
