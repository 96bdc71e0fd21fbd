"""Looking up the register by what somebody types: a table of all beginnings, kept in the act's own transaction.

No database knows pinyin, and to read every name costs 30 ms at 20,000 owners. So each code, name and sound stands in
the table from each of its characters on, and a fragment is a range of keys that lie side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, delete, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records import changes, clock
from records.estate.estate_tables import DossierPerson
from records.estate.people import in_force
from records.tables import Dossier, Owner, Ownership, OwnershipOwner, Unit
from records.verify import Finding
from search import analysis
from search.name_tables import LONGEST_KEY, NameKey
from search.sounds import spellings, with_surname

Kind = Literal["unit", "owner", "person"]

_BATCH = 500
_ROWS = 5_000
_MOST_NEAR = 500
#: Above every character that a key can hold.
_LAST = chr(0x10FFFF)


def typed_key(text: str) -> str:
    """What was typed as a key begins: folded, without what only separates.

    >>> typed_key("Ou yang"), typed_key("歐陽 ")
    ('ouyang', '欧阳')
    """
    return "".join(analysis.runs(analysis.fold(text)))[:LONGEST_KEY]


def keys_of_name(name: str) -> set[str]:
    """All keys of somebody's name: it from every character on, and how it sounds.

    >>> sorted(keys_of_name("张伟"))
    ['wei', 'zhangw', 'zhangwei', 'zw', '伟', '张伟']
    """
    parts = list(analysis.runs(analysis.fold(name)))
    keys: set[str] = set()
    for place, part in enumerate(parts):
        rest = "".join(parts[place:])
        if analysis.is_han(part):
            keys |= {rest[start:] for start in range(len(part))} | spellings(part) | with_surname(part)
        else:
            keys.add(rest)
    return {key[:LONGEST_KEY] for key in keys}


def keys_of_unit(code: str) -> set[str]:
    """All keys of a unit's code: whole, without its building, and its door alone.

    >>> sorted(keys_of_unit("3-2-1201"))
    ['1201', '2-1201', '3-2-1201']
    """
    parts = code.lower().split("-")
    return {"-".join(parts[start:]) for start in range(len(parts))}


def units_called(session: Session, start: str, most: int | None = None) -> list[tuple[int, str]]:
    """Units, as (id, code), of which the code, or its end, begins so."""
    query = select(Unit.id, Unit.code).join(NameKey, NameKey.subject_id == Unit.id).where(begins("unit", start))
    return [(row[0], row[1]) for row in session.execute(query.order_by(NameKey.key, Unit.id).limit(most))]


def begins(kind: Kind, start: str) -> ColumnElement[bool]:
    """The condition on a key of this kind that begins so."""
    return and_(NameKey.kind == kind, NameKey.key >= start, NameKey.key < start + _LAST)


def owners_called(session: Session, text: str, most: int) -> list[tuple[int, str]]:
    """Present owners, as (id, name), by a fragment of the name in either script or of its sound; at most so many."""
    start = typed_key(text)
    if not start:
        return []
    query = (
        select(Owner.id, Owner.name)
        .join(NameKey, NameKey.subject_id == Owner.id)
        .join(OwnershipOwner, OwnershipOwner.owner_id == Owner.id)
        .join(Ownership, Ownership.id == OwnershipOwner.ownership_id)
        .where(begins("owner", start), Ownership.until_on.is_(None))
        .order_by(NameKey.key, Owner.id)
        # A name may come more than once: by its characters and by its sound.
        .limit(4 * most)
    )
    found = dict.fromkeys((row[0], row[1]) for row in session.execute(query))
    return list(found)[:most]


def persons_called(session: Session, text: str, most: int, open_to: Collection[int]) -> list[tuple[int, str]]:
    """Who is registered with a present owner, as (dossier id, name): who may act for them today, and the household.

    The household and those whose period is over only of the dossiers in ``open_to``.
    """
    start = typed_key(text)
    if not start:
        return []
    acting = and_(DossierPerson.authorised, in_force(clock.today()))
    query = (
        select(DossierPerson.dossier_id, DossierPerson.name)
        .join(NameKey, NameKey.subject_id == DossierPerson.id)
        .join(Dossier, Dossier.id == DossierPerson.dossier_id)
        .where(begins("person", start), Dossier.state == "open")
        .where(or_(acting, DossierPerson.dossier_id.in_(open_to)))
        .order_by(NameKey.key, DossierPerson.id)
        .limit(4 * most)
    )
    found = dict.fromkeys((row[0], row[1]) for row in session.execute(query))
    return list(found)[:most]


def names_near(session: Session, word: str) -> list[str]:
    """Names of present owners that may be meant by this one: they sound alike, or all but one character is alike."""
    sounds = spellings(word) if analysis.is_han(word) else set()
    full = max(sounds, key=len, default="")
    ways = [NameKey.key == full] if full else []
    if len(word) > 2:
        around = begins("owner", word[0]) & NameKey.key.endswith(word[-1], autoescape=True)
        ways += [begins("owner", word[:-1]), begins("owner", word[1:]), around]
    query = (
        select(Owner.name)
        .join(NameKey, NameKey.subject_id == Owner.id)
        .join(OwnershipOwner, OwnershipOwner.owner_id == Owner.id)
        .join(Ownership, Ownership.id == OwnershipOwner.ownership_id)
        .where(NameKey.kind == "owner", Ownership.until_on.is_(None))
    )
    found = [session.scalars(query.where(way).limit(_MOST_NEAR)) for way in ways]
    return list(dict.fromkeys(name for names in found for name in names))


def follow(session: Session) -> None:
    """Bring the keys of all touched units, owners and people up to date, inside the same transaction."""
    touched: defaultdict[str, list[int]] = defaultdict(list)
    for kind, subject_id in changes.touched_register(session):
        touched[kind].append(subject_id)
    for kind, ids in touched.items():
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            session.execute(delete(NameKey).where(NameKey.kind == kind, NameKey.subject_id.in_(batch)))
            _write(session, kind, _expected(session, kind, batch))


def rebuild(session: Session) -> int:
    """Write every key anew; the number of keys."""
    session.execute(delete(NameKey))
    return sum(_write(session, kind, _expected(session, kind)) for kind in _SOURCES)


def findings(session: Session) -> Iterator[Finding]:
    """What the keys say differently from the register, by unit, owner or person."""
    for kind in _SOURCES:
        expected, kept = _expected(session, kind), defaultdict[int, set[str]](set)
        for subject_id, key in session.execute(select(NameKey.subject_id, NameKey.key).where(NameKey.kind == kind)):
            kept[subject_id].add(key)
        for subject_id in sorted(set(expected) | set(kept)):
            if expected.get(subject_id, set()) != kept[subject_id]:
                subject = f"{kind}:{subject_id}"
                zh, en = f"名册的检索键与登记不一致({subject})", f"the register is searched by other keys ({subject})"
                yield Finding("search.names", subject, zh, en)


_PRESENT = (
    select(Owner.id, Owner.name)
    .join(OwnershipOwner, OwnershipOwner.owner_id == Owner.id)
    .join(Ownership, Ownership.id == OwnershipOwner.ownership_id)
    .where(Ownership.until_on.is_(None))
)
_REGISTERED = (
    select(DossierPerson.id, DossierPerson.name)
    .join(Dossier, Dossier.id == DossierPerson.dossier_id)
    .where(Dossier.state == "open")
)
_SOURCES: Mapping[str, tuple[Select[int, str], InstrumentedAttribute[int], Callable[[str], set[str]]]] = {
    "unit": (select(Unit.id, Unit.code), Unit.id, keys_of_unit),
    "owner": (_PRESENT, Owner.id, keys_of_name),
    "person": (_REGISTERED, DossierPerson.id, keys_of_name),
}


def _expected(session: Session, kind: str, ids: Sequence[int] | None = None) -> dict[int, set[str]]:
    """The keys that each subject should have, of all or of these."""
    query, subject_id, keys_of = _SOURCES[kind]
    rows = session.execute(query if ids is None else query.where(subject_id.in_(ids)))
    return {row[0]: keys_of(row[1]) for row in rows}


def _write(session: Session, kind: str, expected: Mapping[int, set[str]]) -> int:
    rows = [
        {"kind": kind, "key": key, "subject_id": subject_id} for subject_id, keys in expected.items() for key in keys
    ]
    for start in range(0, len(rows), _ROWS):
        session.execute(insert(NameKey), rows[start : start + _ROWS])
    return len(rows)
