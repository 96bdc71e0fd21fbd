"""The proof's machinery: a furnished office in which nothing commits, and what a role is answered there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import click.testing
import yaml
from PIL import Image
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from forms.scanning.imitation import samples
from forms.tables import Book, ScanPage, Serial
from records import access, clock, dossiers, loans, users
from records.access.deputies import name_deputy
from records.database import Database
from records.paper import places
from records.paper.paper_tables import Place
from records.tables import User
from retention import holds
from web.command_line import yedang
from web.commands import console
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

TABLE = Path(__file__).parent / "proof.yaml"
#: The columns of the table's outcomes, in this order.
ROLES = ("staff", "archivist", "supervisor", "manager", "admin")
YES, NO, HIDDEN, FAULT = "Y", "N", "H", "!"
#: What is typed where a command asks: everybody's password, which serves as a new one too, twice.
TYPED = "一间办公室的长密码123\n" * 2
#: Error codes by which a command says no, and those by which it says that there is nothing.
_REFUSALS = {
    "access.not_allowed", "access.closed", "access.own_request", "access.own_registration", "access.deputy_of_asker",
    "command.no_actor", "loan.own", "retention.same_person", "tray.not_yours", "http.403",
}  # fmt: skip
_HIDING = {"record.not_found", "http.404"}


def load() -> dict[str, dict[str, Any]]:
    """The table: pages, acts and commands by name."""
    table: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def furnish_more(office: Office) -> None:
    """What the common furnished office lacks: requests in every state, a deputy to come, a hold, a place, a loan."""
    today = clock.today()
    with office.transaction() as session:
        people = {name: users.find_actor(session, name) for name in (*ROLES, "staff2", "manager2")}
        other = dossiers.find_dossier(session, "DA-1-1-101-02")
        for name, registered in (("staff2", False), ("staff2", True)):
            request = access.request_access(session, people[name], [other], "另一户", 3)
            access.approve(session, people["manager"], request)
            if registered:
                access.register(session, people["archivist"], request)
        lent = dossiers.find_dossier(session, "DA-3-2-1201-01")
        loan = access.request_access(session, people["manager2"], [lent], "送审", 3, "loan")
        access.approve(session, people["manager"], loan)
        loans.hand_out(session, people["archivist"], loan)
        supervisor = session.get_one(User, people["supervisor"].id)
        name_deputy(session, people["manager"], supervisor, today + timedelta(days=9), today + timedelta(days=10))
        holds.place(session, people["supervisor"], "dossier", other.id, "诉讼")
        places.add(session, people["archivist"], "A-03-2", "三架二层")


@contextmanager
def nothing_commits() -> Iterator[None]:
    """Every act runs to its end and is then undone: one office serves the whole walk."""
    kept = Database.transaction

    @contextmanager
    def dry(self: Database) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            session.begin()
            yield session
            session.flush()
            for listener in self.before_commit:
                listener(session)
            session.expunge_all()  # what was loaded stays readable, as after a commit
            session.rollback()

    Database.transaction = dry  # type: ignore[method-assign]  # every transaction of the program
    try:
        yield
    finally:
        Database.transaction = kept  # type: ignore[method-assign]  # as it was


def lay_out_files(home: Path) -> None:
    """The files that commands are given: a page, a table of units, labels that were scanned, an office's own form."""
    scan = samples.scan_pdf([Image.new("RGB", (620, 877), "white")], 75)
    (home / "proof.pdf").write_bytes(scan)
    (home / "proof.csv").write_text("小区,单元房号,业主,起始日期\n东光花园,9-1-101,某人,2020-01-01\n", encoding="utf-8")
    (home / "found.txt").write_text("DA-3-2-1201-01\n", encoding="utf-8")
    (home / "proof.yaml").write_text("code: X\n", encoding="utf-8")


def names_of(office: Office) -> dict[str, str]:
    """The office's own numbers, to be filled into addresses and words."""
    with office.reading() as session:
        serial = session.scalar(select(Serial.text).where(Serial.form_code == "ZX-01"))
        book = session.scalar(select(Book.number))
        page = session.scalar(select(Serial.text).where(Serial.form_code == "HF-01", Serial.state == "issued"))
        tray = session.scalar(select(ScanPage.id).where(ScanPage.state == "tray"))
        place = session.scalar(select(Place.code))
        supervisor = users.find_actor(session, "supervisor").id
    home = office.settings.home
    return {
        "home": str(home), "supervisor": str(supervisor),
        "serial": str(serial), "book": str(book), "page": str(page), "tray": str(tray), "place": str(place),
        "today": clock.today().isoformat(), "later": (clock.today() + timedelta(days=3)).isoformat(),
    }  # fmt: skip


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """A text, list or mapping with the office's numbers in it."""
    if isinstance(value, str):
        return value.format(**names)
    if isinstance(value, Mapping):
        return {key: filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return value


def answered(visitor: Visitor, row: Mapping[str, Any], names: Mapping[str, str], *, act: bool) -> tuple[str, str]:
    """What a visitor is answered (allowed, refused, hidden as not found, or a fault of ours), and the page's text.

    An act that is allowed may still find something wrong with what it was given; a page may not.
    """
    address = filled(row["at"], names)
    if act:
        answer = visitor.post(address, accept="application/json", **filled(row.get("fields", {}), names))
        code = str((answer.get_json(silent=True) or {}).get("code", ""))
        return (outcome(code) if answer.status_code < 500 else FAULT), answer.get_data().decode(errors="replace")
    answer = visitor.get(address)
    told = {200: YES, 302: YES, 400: NO, 403: NO, 404: HIDDEN}.get(answer.status_code, FAULT)
    return told, answer.get_data().decode(errors="replace")


def outcome(code: str) -> str:
    """What an error code, or none, says to whoever asked."""
    return NO if code in _REFUSALS else HIDDEN if code in _HIDING else YES


@dataclass
class Program:
    """The program in the office's folder, telling the code of the error it ends with."""

    home: Path

    def __call__(self, words: str, actor: str) -> tuple[str, str]:
        """Run a command for somebody; what it answered, and what it said."""
        codes: list[str] = []
        kept = console.Refusal.__init__

        def told(self: console.Refusal, error: Any, language: str) -> None:
            codes.append(error.code)
            kept(self, error, language)

        console.Refusal.__init__ = told  # type: ignore[method-assign]  # nothing else knows its code
        try:
            environment = {"YEDANG_HOME": str(self.home), "YEDANG_ACTOR": actor, "YEDANG_DATABASE_URL": ""}
            done = click.testing.CliRunner().invoke(yedang, words.split(), input=TYPED, env=environment)
        finally:
            console.Refusal.__init__ = kept  # type: ignore[method-assign]  # as it was
        if done.exit_code == 2 or (done.exception is not None and not isinstance(done.exception, SystemExit)):
            return FAULT, done.output
        return outcome(codes[0] if codes else ""), done.output


def commands(group: click.Group = yedang, path: str = "") -> Iterator[str]:
    """The full name of every command."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}"


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    """The statements that the office's database is asked within."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(office.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(office.database.engine, "before_cursor_execute", note)


def without_chance(page: str, number: str) -> str:
    """A page without what changes from answer to answer: the form's token, and the number that was asked for."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page).replace(number, "")
