"""Mail merge: 3,000 notices and 3,000 forms of three copies, each with its number, for the units of one building."""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import date
from pathlib import Path

from bench.report import Section
from forms.catalogue import load_catalogue
from forms.drawing.typeface import load_typeface
from forms.printing import merging, recipients
from forms.printing.shop import PrintShop
from records import dossiers, units, users
from records.database import Database
from records.users import Actor, Role
from records.vault import MasterKey, Vault
from web import schema

UNITS = 3_000
PROMISED_SECONDS = 15
FORMS = {"RZ-01": "notices (running text of a Word template, two pages)", "ZX-08": "forms (three copies of a grid)"}


def _office(home: Path) -> tuple[Database, Actor]:
    """A database with one building whose every unit has an owner."""
    database = Database(f"sqlite+pysqlite:///{home / 'yedang.sqlite'}")
    schema.upgrade(database)
    master = MasterKey(home / "master.key")
    master.create()
    vault = Vault(home / "vault", master)
    with database.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "admin", Role.ADMIN, "a long password"))
        for role in (Role.STAFF, Role.ARCHIVIST):
            users.add_user(session, admin, str(role), role, "a long password")
        archivist = users.find_actor(session, "archivist")
        for number in range(UNITS):
            code = f"3-{number // 300 + 1}-{number % 300 // 10 + 1}{number % 10 + 1:02d}"
            unit = units.add_unit(session, archivist, "东光花园", code)
            owner = dossiers.NewOwner(f"王建国{number}", f"138{number:08d}")
            dossiers.start_ownership(session, vault, archivist, unit, [owner], date(2020, 1, 1))
        return database, users.find_actor(session, "staff")


def _merge(database: Database, actor: Actor, shop: PrintShop, code: str, out: Path) -> list[str]:
    """One merge, as the command does it; a row of the table."""
    form = shop.catalogue.form(code)
    start = time.perf_counter()
    with database.reading() as session:
        whom = recipients.of_building(session, form, "3")
        prepared = merging.prepare(session, shop, form, whom)
    ready = time.perf_counter()
    with database.transaction() as session, out.open("wb") as file:
        made = merging.merge_pdf(session, shop, actor, prepared, file)
    done = time.perf_counter()
    size = out.stat().st_size / 1e6
    return [
        f"{code} {FORMS[code]}", f"{made.pages}", f"{done - start:.1f} s", f"{done - ready:.1f} s",
        f"{made.pages / (done - start):.0f}", f"{size:.1f} MB",
    ]  # fmt: skip


def measure() -> Section:
    """Both merges, one after the other, in one process."""
    columns = ["3,000 of", "pages", "whole", "of it with the log locked", "pages a second", "file"]
    section = Section("Mail merge: one building, one PDF, numbers in a row", columns)
    shop = PrintShop(load_catalogue(), load_typeface(), b"s" * 32, "东光物业客服中心")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database, actor = _office(home)
        for code in FORMS:
            section.rows.append(_merge(database, actor, shop, code, home / f"{code}.pdf"))
        database.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    section.notes += [
        f"Promised: 3,000 notices in {PROMISED_SECONDS} s. Values from the records, SQLite on disk, one core.",
        "Notices are set by our own typesetting of their template's text; LibreOffice is not asked.",
        f"Memory of the process at its highest: {memory:.0f} MB.",
    ]
    return section
