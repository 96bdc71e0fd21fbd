"""Where dossiers stand 存放位置: shelves and boxes with codes, what belongs into each, and stocktaking 盘点.

A dossier belongs to one place at a time; putting it elsewhere is a move, and every move stays in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from records import audit, clock, loans
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.paper import place_codes
from records.paper.paper_tables import Place, Placement
from records.paper.place_codes import BadPlaceCode
from records.tables import Dossier, Ownership
from records.users import Actor, Role

#: Who keeps the archive room; a supervisor counts as well.
KEEPER = Role.ARCHIVIST
COUNTERS = (Role.ARCHIVIST, Role.SUPERVISOR)
MOST_BOXES = 99


class PlaceExists(OfficeError):
    """The place is already there."""

    code = "place.exists"
    zh = "位置 {place} 已经登记。"
    en = "The place {place} is already there."


class NothingToPlace(OfficeError):
    """A destroyed dossier has no paper that could stand anywhere."""

    code = "place.dossier_destroyed"
    zh = "档案 {number} 已销毁,没有案卷可以存放。"
    en = "Dossier {number} has been destroyed; there is nothing to put anywhere."


def add(session: Session, actor: Actor, code: str, name: str = "", boxes: int = 0) -> list[Place]:
    """Register a shelf or a box; a shelf with so many boxes, numbered from 01. Boxes that are there already stay.

    Raises NotAllowed, BadPlaceCode, PlaceExists (the place itself), BadInput.
    """
    actor.require("登记存放位置", KEEPER)
    if not 0 <= boxes <= MOST_BOXES:
        raise BadInput(what=f"盒数 {boxes}(0 至 {MOST_BOXES})")
    own = place_codes.validate(code)
    wanted = [own, *(place_codes.box_of(own, number) for number in range(1, boxes + 1))] if boxes else [own]
    there = set(session.scalars(select(Place.code).where(Place.code.in_(wanted))))
    new = [one for one in wanted if one not in there]
    if not new or (own in there and not boxes):
        raise PlaceExists(place=own)
    made = [Place(code=one, name=name.strip()[:64] if one == own else "", added_by=actor.id, added_at=clock.now())
            for one in new]  # fmt: skip
    session.add_all(made)
    session.flush()
    for place in made:
        audit.append(session, actor.id, Verb.PLACE_ADDED, f"place:{place.code}")
    return made


def find(session: Session, text: str) -> Place:
    """The place of a code, with or without its check character. Raises BadPlaceCode, NotFound."""
    code = place_codes.validate(text)
    place = session.scalar(select(Place).where(Place.code == code))
    if place is None:
        raise NotFound(what=f"存放位置 {code}(尚未登记)")
    return place


def put(session: Session, actor: Actor, dossier: Dossier, place: Place) -> Placement:
    """Put a dossier into a place; from another one it is a move. Raises NotAllowed, NothingToPlace."""
    actor.require("存放案卷", KEEPER)
    audit.lock(session)
    state = session.scalar(select(Dossier.state).where(Dossier.id == dossier.id).with_for_update())
    if state == "destroyed":
        raise NothingToPlace(number=dossier.number)
    before = placement(session, dossier.id)
    if before is not None and before.place_id == place.id:
        return before
    now = clock.now()
    if before is not None:
        before.left_at = now
    made = Placement(dossier_id=dossier.id, place_id=place.id, put_by=actor.id, put_at=now)
    session.add(made)
    session.flush()
    details = {"place": place.code, "from": before.place.code if before else None}
    audit.append(session, actor.id, Verb.DOSSIER_PLACED, f"dossier:{dossier.id}", details)
    return made


def placement(session: Session, dossier_id: int) -> Placement | None:
    """Where a dossier belongs now, or None."""
    query = select(Placement).where(Placement.dossier_id == dossier_id, Placement.left_at.is_(None))
    return session.scalar(query.options(joinedload(Placement.place)).order_by(Placement.id.desc()).limit(1))


def codes_of(session: Session, dossier_ids: Iterable[int]) -> dict[int, str]:
    """The place codes of these dossiers, those that have one, in one query."""
    query = select(Placement.dossier_id, Place.code).join(Place, Place.id == Placement.place_id)
    wanted = query.where(Placement.dossier_id.in_(list(dossier_ids)), Placement.left_at.is_(None))
    return dict(session.execute(wanted).all())


def history(session: Session, dossier_id: int) -> list[Placement]:
    """Every place of a dossier, the latest first."""
    query = select(Placement).where(Placement.dossier_id == dossier_id).options(joinedload(Placement.place))
    return list(session.scalars(query.order_by(Placement.id.desc())))


def holdings(session: Session, place: Place) -> list[Placement]:
    """What should be in a place, by the units' order; of a shelf what stands on it outside boxes."""
    query = select(Placement).join(Dossier, Dossier.id == Placement.dossier_id)
    query = query.where(Placement.place_id == place.id, Placement.left_at.is_(None))
    with_units = joinedload(Placement.dossier).joinedload(Dossier.ownership).joinedload(Ownership.unit)
    found = session.scalars(query.options(with_units)).unique()
    return sorted(found, key=lambda one: place_order(one.dossier))


def place_order(dossier: Dossier) -> tuple[str, list[tuple[int, str]], str]:
    """Dossiers as they stand: by estate, then building, entrance and door as numbers, then ownership."""
    unit = dossier.ownership.unit
    return unit.estate, [(len(part), part) for part in unit.code.split("-")], dossier.number


@dataclass(frozen=True)
class Filled:
    """A place and how many dossiers belong into it."""

    place: Place
    count: int


def listing(session: Session) -> list[Filled]:
    """All places in the order of their codes, each with how many dossiers belong into it."""
    here = (Placement.place_id == Place.id) & Placement.left_at.is_(None)
    query = select(Place, func.count(Placement.id)).outerjoin(Placement, here).group_by(Place.id)
    found = [Filled(place, count) for place, count in session.execute(query)]
    # Without the check character a shelf comes before its boxes.
    return sorted(found, key=lambda one: one.place.code[:-2])


@dataclass(frozen=True)
class Stock:
    """What a stocktaking of a place found; all by number. ``out``: on loan, so rightly not there.

    ``misplaced``: (number, the place it belongs to). ``foreign``: nothing that belongs anywhere here. ``back``: found,
    although the records say that it is on loan.
    """

    place: Place
    right: tuple[str, ...]
    missing: tuple[str, ...]
    out: tuple[str, ...]
    back: tuple[str, ...]
    misplaced: tuple[tuple[str, str], ...]
    foreign: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything is as the records say."""
        return not (self.missing or self.misplaced or self.foreign or self.back)


def take_stock(session: Session, actor: Actor, place: Place, found: Sequence[str]) -> Stock:
    """Compare what was found in a place (dossier numbers) with what should be there; logged by counts.

    Raises NotAllowed.
    """
    actor.require("盘点", *COUNTERS)
    seen = list(dict.fromkeys(number.strip().upper() for number in found if number.strip()))
    belongs = {one.dossier.number: one.dossier_id for one in holdings(session, place)}
    away = {loan.dossier.number for loan in loans.out_now(session)}
    strangers = [number for number in seen if number not in belongs]
    homes = _homes(session, strangers)
    stock = Stock(
        place,
        right=tuple(number for number in seen if number in belongs and number not in away),
        missing=tuple(number for number in belongs if number not in seen and number not in away),
        out=tuple(number for number in belongs if number not in seen and number in away),
        back=tuple(number for number in seen if number in away),
        misplaced=tuple((number, homes[number]) for number in strangers if number in homes),
        foreign=tuple(number for number in strangers if number not in homes),
    )
    counts = {name: len(getattr(stock, name)) for name in ("right", "missing", "out", "back", "misplaced", "foreign")}
    audit.append(session, actor.id, Verb.STOCK_TAKEN, f"place:{place.code}", counts)
    return stock


def _homes(session: Session, numbers: Sequence[str]) -> dict[str, str]:
    """Where these dossiers belong; an empty place for one that has none yet."""
    query = select(Dossier.number, Dossier.id).where(Dossier.number.in_(numbers), Dossier.state != "destroyed")
    ids = dict(session.execute(query).all())
    codes = codes_of(session, ids.values())
    return {number: codes.get(id_, "") for number, id_ in ids.items()}


def split_found(places: Iterable[str], lines: Iterable[tuple[str, str]], first: str = "") -> dict[str, list[str]]:
    """Found labels by place: each place label (kind ``place``) begins its place, dossiers after it were found there.

    ``first`` is the place for what comes before any place label. Raises BadInput for a dossier without a place.
    """
    found: dict[str, list[str]] = {code: [] for code in places}
    here = first
    for kind, name in lines:
        if kind == "place":
            here = name
            found.setdefault(here, [])
        elif kind == "dossier":
            if not here:
                raise BadInput(what=f"{name} 之前没有扫位置标签,不知道是在哪里找到的")
            found.setdefault(here, []).append(name)
    return found


def forget(session: Session, dossier_id: int) -> int:
    """Forget where a destroyed dossier stood; how many places were forgotten. Part of its destruction."""
    gone = session.scalars(delete(Placement).where(Placement.dossier_id == dossier_id).returning(Placement.id))
    return len(gone.all())


def named(text: str) -> str | None:
    """The place code that a text is, or None."""
    try:
        return place_codes.validate(text)
    except BadPlaceCode:
        return None
