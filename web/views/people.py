"""What changes about an owner and the home: particulars, people, dated events, surveys, arrears; recorded, never shown.

Whoever serves at the desk records a change without seeing into the dossier; what was there before stays as history.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from records import clock, dossiers, facts
from records.errors import BadInput, NotFound
from records.estate import follow_ups, people
from records.estate.people import NewPerson
from records.facts import FactKind
from records.tables import Dossier, Owner
from records.users import OFFICE_ROLES, Role
from web import visit
from web.visit import only

views = Blueprint("people", __name__, url_prefix="/dossiers")
#: The events that a home's life begins by a date somebody records.
EVENTS = (FactKind.MOVED_IN, FactKind.RENOVATION_BEGAN)


def _record(number: str, act: Callable[[Session, Dossier], object], said: str) -> ResponseReturnValue:
    with visit.act() as session:
        act(session, dossiers.find_dossier(session, number))
    flash(said, "success")
    return redirect(url_for("dossiers.page", number=number))


@views.post("/<number>/phone")
@only(*OFFICE_ROLES)
def phone(number: str) -> ResponseReturnValue:
    """An owner's new telephone number; the old one stays in the history (DA 4.2.1)."""

    def change(session: Session, dossier: Dossier) -> None:
        owner = _owner(dossier, visit.number("owner", 0))
        new, basis = visit.typed("phone"), visit.typed("basis")
        people.change_phone(session, visit.actor(), dossier, owner, new, clock.today(), basis)

    return _record(number, change, _("新电话已登记，原号码留在变更记录中。"))


def _owner(dossier: Dossier, owner_id: int) -> Owner:
    for owner in dossier.ownership.owners:
        if owner.id == owner_id:
            return owner
    raise NotFound(what=_("业主"))


@views.post("/<number>/person")
@only(*OFFICE_ROLES)
def add(number: str) -> ResponseReturnValue:
    """A family member, tenant or agent is registered."""

    def register(session: Session, dossier: Dossier) -> None:
        typed = visit.typed
        person = NewPerson(
            typed("kind"), typed("name"), typed("relation"), typed("person_phone"), typed("id_number"),
            bool(typed("authorised")), _day("from_on"), _day("until_on"),
        )  # fmt: skip
        people.add_person(session, visit.actor(), dossier, person, clock.today())

    return _record(number, register, _("已登记。"))


@views.post("/<number>/ended")
@only(*OFFICE_ROLES)
def end(number: str) -> ResponseReturnValue:
    """Somebody, by the very name, is of the home no more."""

    def finish(session: Session, dossier: Dossier) -> None:
        people.end_person(session, visit.actor(), dossier, visit.typed("ended_name"), _needed("on"))

    return _record(number, finish, _("已登记终止。"))


@views.post("/<number>/event")
@only(Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)
def event(number: str) -> ResponseReturnValue:
    """The dated fact by which an event of the home's life begins: moved in, renovation began."""

    def begin(session: Session, dossier: Dossier) -> None:
        if visit.typed("kind") not in EVENTS:
            raise BadInput(what=_("事件"))
        facts.record_fact(session, visit.actor(), FactKind(visit.typed("kind")), ("dossier", dossier.id), _needed("on"))

    return _record(number, begin, _("事件日期已登记。"))


@views.post("/<number>/followed-up")
@only(*OFFICE_ROLES)
def followed_up(number: str) -> ResponseReturnValue:
    """A household survey or a check of the contact was done (DA 4.2.2)."""

    def done(session: Session, dossier: Dossier) -> None:
        follow_ups.record(session, visit.actor(), [dossier], visit.typed("kind"), visit.typed("outcome"))

    return _record(number, done, _("已登记。"))


@views.post("/<number>/arrears")
@only(*OFFICE_ROLES)
def arrears(number: str) -> ResponseReturnValue:
    """Since when the owner owes charges, or that they have paid."""

    def note(session: Session, dossier: Dossier) -> None:
        if visit.typed("settled"):
            follow_ups.settle(session, visit.actor(), dossier, _needed("settled"))
        else:
            follow_ups.owe(session, visit.actor(), dossier, _needed("since"))

    return _record(number, note, _("已登记。"))


def _day(name: str) -> date | None:
    return clock.parse_date(visit.typed(name)) if visit.typed(name) else None


def _needed(name: str) -> date:
    return clock.parse_date(visit.typed(name))
