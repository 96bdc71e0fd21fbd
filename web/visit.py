"""What a view needs of the present visit: the office, who asks, one look at the records, and the way to act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.errors import BadInput, NotAllowed
from records.tables import User
from records.users import Actor, Role
from web.office import Office
from web.wording.words import word

Given = ParamSpec("Given")
Page = TypeVar("Page")


def prepare(app: Flask, office: Office) -> None:
    """Give the application its office, and let go of each visit's look when the visit ends."""
    app.extensions["yedang"] = office
    app.teardown_appcontext(_close_look)


def office() -> Office:
    """The office that this application serves."""
    return cast(Office, current_app.extensions["yedang"])


def actor() -> Actor:
    """Who asks. Only behind the sign-in, which every page but a few demands."""
    return cast(Actor, current_user.actor)


def look() -> Session:
    """The visit's one reading session: everything on a page comes from the same moment."""
    if "look" not in g:
        g.look_context = office().reading()
        g.look = g.look_context.__enter__()
    return cast(Session, g.look)


def look_away() -> None:
    """End the visit's look before its end: while anybody reads, SQLite cannot wipe what a destruction left behind."""
    _close_look(None)


@contextmanager
def act() -> Iterator[Session]:
    """One act of the office, committed at the end."""
    with office().transaction() as session:
        yield session


def only(*roles: Role) -> Callable[[Callable[Given, Page]], Callable[Given, Page]]:
    """A page for these roles; others get NotAllowed."""

    def wrap(view: Callable[Given, Page]) -> Callable[Given, Page]:
        @wraps(view)
        def guarded(*args: Given.args, **kwargs: Given.kwargs) -> Page:
            me = actor()
            if me.role not in roles:
                raise NotAllowed(role=word("role", me.role), act=_("打开此页"))
            return view(*args, **kwargs)

        return guarded

    return wrap


def people() -> dict[int, str]:
    """Everyone's name by id, for lists that say who did what."""
    return dict(look().execute(select(User.id, User.name)).all())


def typed(name: str, default: str = "") -> str:
    """What was typed into a field of the submitted form, without spaces around it."""
    return request.form.get(name, default).strip()


def number(name: str, default: int) -> int:
    """A whole number from the submitted form. Raises BadInput naming what was typed."""
    text = typed(name)
    try:
        return int(text) if text else default
    except ValueError:
        raise BadInput(what=_("{text}不是整数").format(text=text)) from None


def submitted(name: str, default: object = "") -> object:
    """For templates: what the visitor had typed when the form comes back with an error, otherwise the default."""
    return request.form.get(name, default) if request.method == "POST" else default


def picked(name: str) -> list[str]:
    """For templates: the options that the visitor had ticked when the form comes back with an error."""
    return request.form.getlist(name) if request.method == "POST" else []


def _close_look(_error: BaseException | None) -> None:
    context: AbstractContextManager[Session] | None = g.pop("look_context", None)
    g.pop("look", None)
    if context is not None:
        context.__exit__(None, None, None)
