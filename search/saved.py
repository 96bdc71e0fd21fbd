"""Saved searches: a question with its filters under a name, one's own or shared with the office by a manager.

What was saved is asked anew, as whoever opens it: a shared search shows nobody more than they may see. Names and
questions may tell of a person, so the log holds neither, and the destruction of a dossier takes those that name its
people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.estate.estate_tables import DossierPerson, ParticularChange
from records.leaving import Leaving
from records.tables import Dossier, Owner, OwnershipOwner
from records.users import OFFICE_ROLES, Actor, Role
from records.vault import Vault
from search.analysis import fold
from search.asking import Order, Question
from search.names import typed_key
from search.saved_tables import SavedSearch
from search.sounds import whole_sounds

LONGEST_NAME = 60
LONGEST_SAVED = 500
MOST_SAVED = 100
#: Fewer digits in a question are no trace of somebody's number; fewer letters none of a name's sound.
_TELLING_DIGITS, _TELLING_LETTERS = 6, 4


class NameTaken(OfficeError):
    """Another of one's own saved searches goes by this name."""

    code = "search.name_taken"
    zh = "您已有名为「{name}」的检索,请换一个名称。"
    en = "You already have a saved search named “{name}”."


class TooManySaved(OfficeError):
    """A list that nobody can look through helps nobody."""

    code = "search.too_many_saved"
    zh = "每人最多保存 {most} 个检索,请先删除不用的。"
    en = "Nobody keeps more than {most} saved searches; forget some first."


def question_of(row: SavedSearch) -> Question:
    """What a saved search asks."""
    order: Order = "relevance" if row.order == "relevance" else "date"
    return Question(row.query, row.within, row.unit, row.form, row.since, row.until, order)


def save(session: Session, actor: Actor, name: str, question: Question, *, shared: bool = False) -> SavedSearch:
    """Save a question; under a name of one's own that is there already, in its place.

    Raises BadInput (no name, no question, too long), TooManySaved, NotAllowed (sharing is the manager's).
    """
    _check(actor, shared)
    clean = _clean_name(name)
    asked, within = question.text.strip(), question.within.strip()
    if not asked or max(len(asked), len(within)) > LONGEST_SAVED:
        raise BadInput(what=f"检索内容为空或超过 {LONGEST_SAVED} 字")
    row = _own(session, actor, clean)
    if row is None:
        if len(_all_own(session, actor)) >= MOST_SAVED:
            raise TooManySaved(most=MOST_SAVED)
        row = SavedSearch(saved_by=actor.id, name=clean)
        session.add(row)
    row.query, row.within, row.unit, row.form = asked, within, question.unit, question.form
    row.since, row.until, row.order = question.since, question.until, question.order
    row.shared, row.saved_at = shared, clock.now()
    session.flush()
    audit.append(session, actor.id, Verb.SEARCH_SAVED, f"saved_search:{row.id}", {"shared": shared})
    return row


def listed(session: Session, actor: Actor) -> list[SavedSearch]:
    """One's own by name, then those that others share."""
    known = select(SavedSearch).where(or_(SavedSearch.saved_by == actor.id, SavedSearch.shared))
    return sorted(session.scalars(known), key=lambda one: (one.saved_by != actor.id, one.name, one.id))


def find(session: Session, actor: Actor, name: str) -> SavedSearch:
    """The saved search of that name: one's own, else a shared one. Raises NotFound."""
    for one in listed(session, actor):
        if one.name == name.strip():
            return one
    raise NotFound(what=f"已存检索「{name.strip()}」")


def get(session: Session, actor: Actor, saved_id: int) -> SavedSearch:
    """The saved search of that id, where the actor may know of it. Raises NotFound."""
    row = session.get(SavedSearch, saved_id)
    if row is None or not (row.saved_by == actor.id or row.shared):
        raise NotFound(what=f"已存检索 {saved_id}")
    return row


def rename(session: Session, actor: Actor, row: SavedSearch, name: str) -> None:
    """Give it another name. Raises BadInput, NameTaken, NotFound (another's)."""
    _check_keeper(actor, row)
    clean = _clean_name(name)
    taken = select(SavedSearch.id).where(SavedSearch.saved_by == row.saved_by, SavedSearch.name == clean)
    if session.scalar(taken.where(SavedSearch.id != row.id)) is not None:
        raise NameTaken(name=clean)
    row.name = clean
    session.flush()
    audit.append(session, actor.id, Verb.SEARCH_RENAMED, f"saved_search:{row.id}", {})


def share(session: Session, actor: Actor, row: SavedSearch, shared: bool) -> None:
    """Share one's own with the office, or no longer. Raises NotAllowed, NotFound (another's)."""
    _check(actor, sharing=True)
    _check_keeper(actor, row)
    row.shared = shared
    session.flush()
    audit.append(session, actor.id, Verb.SEARCH_SAVED, f"saved_search:{row.id}", {"shared": shared})


def forget(session: Session, actor: Actor, row: SavedSearch) -> None:
    """Remove it: one's own, or, as a manager, one that is shared. Raises NotFound (another's)."""
    _check_keeper(actor, row)
    audit.append(session, actor.id, Verb.SEARCH_FORGOTTEN, f"saved_search:{row.id}", {})
    session.delete(row)
    session.flush()


def forget_of(session: Session, user_id: int) -> int:
    """Remove what somebody who has left kept for themselves; what they shared stays the office's."""
    own = select(SavedSearch).where(SavedSearch.saved_by == user_id, SavedSearch.shared.is_(False))
    rows = list(session.scalars(own))
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def erase_telling(session: Session, _vault: Vault, leaving: Sequence[Leaving]) -> list[Mapping[str, int]]:
    """Remove the saved searches that name the people of dossiers being destroyed; an eraser of the purge.

    Whoever of the same name is still in the register loses a saved search with them: a name cannot tell.
    """
    counts: list[Mapping[str, int]] = []
    for one in leaving:
        gone = _telling_of(session, one.dossier_id) if one.dossier_id is not None else []
        session.execute(delete(SavedSearch).where(SavedSearch.id.in_(gone)))
        counts.append({"saved_searches": len(gone)} if gone else {})
    return counts


def _telling_of(session: Session, dossier_id: int) -> list[int]:
    owners = (
        select(Owner.name, Owner.phone, Owner.id_number)
        .join(OwnershipOwner, OwnershipOwner.owner_id == Owner.id)
        .join(Dossier, Dossier.ownership_id == OwnershipOwner.ownership_id)
        .where(Dossier.id == dossier_id)
    )
    own = DossierPerson.dossier_id == dossier_id
    people = select(DossierPerson.name, DossierPerson.phone, DossierPerson.id_number).where(own)
    was = select(ParticularChange.whose, ParticularChange.old, ParticularChange.new).where(
        ParticularChange.dossier_id == dossier_id
    )
    told = [tuple(row) for query in (owners, people, was) for row in session.execute(query)]
    names, numbers = {row[0] for row in told}, {number for row in told for number in row[1:]}
    return [row.id for row in session.scalars(select(SavedSearch)) if _tells(row, names, numbers)]


def _tells(row: SavedSearch, names: Collection[str], numbers: Iterable[str]) -> bool:
    text = f"{row.name} | {row.query} | {row.within}"
    said = re.sub(r"[\W_]", "", fold(text))
    keys = {typed_key(name) for name in names}
    heard = {sound for key in keys for sound in whole_sounds(key)}
    if any(key in said for key in keys if len(key) > 1):
        return True
    if any(sound in said for sound in heard if len(sound) >= _TELLING_LETTERS):
        return True
    parts = [part for part in re.findall("[0-9x]+", _digits(text)) if len(part) >= _TELLING_DIGITS]
    clean = [number for number in map(_digits, numbers) if len(number) >= _TELLING_DIGITS]
    return any(part in number or number in part for part in parts for number in clean)


def _digits(text: str) -> str:
    return re.sub(r"(?<=[0-9])[\s-]+(?=[0-9x])", "", fold(text))


def _check(actor: Actor, sharing: bool) -> None:
    actor.require("保存检索", *OFFICE_ROLES)
    if sharing:
        actor.require("共享检索", Role.MANAGER)


def _check_keeper(actor: Actor, row: SavedSearch) -> None:
    if row.saved_by != actor.id and not (row.shared and actor.role == Role.MANAGER):
        raise NotFound(what=f"您自己的已存检索 {row.id}")


def _clean_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > LONGEST_NAME:
        raise BadInput(what=f"检索名称为空或超过 {LONGEST_NAME} 字")
    return clean


def _own(session: Session, actor: Actor, name: str) -> SavedSearch | None:
    return session.scalar(select(SavedSearch).where(SavedSearch.saved_by == actor.id, SavedSearch.name == name))


def _all_own(session: Session, actor: Actor) -> list[SavedSearch]:
    return [one for one in listed(session, actor) if one.saved_by == actor.id]
