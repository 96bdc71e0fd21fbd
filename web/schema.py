"""The database's schema: the mapped tables of every floor, brought up to date by small dated migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

import forms.books.transfer_tables
import forms.scanning.tray.tray_tables
import forms.tables
import records.access.access_tables
import records.book_tables
import records.check_tables
import records.estate.estate_tables
import records.paper.paper_tables
import records.readings
import records.signing_in.sign_in_tables
import records.tables
import retention.tables
import search.name_tables
import search.saved_tables
import search.tables
from records.database import Base, Database

#: Every module that maps tables; importing them is what fills the metadata.
TABLE_MODULES = (
    records.tables,
    records.signing_in.sign_in_tables,
    records.estate.estate_tables,
    records.book_tables,
    records.paper.paper_tables,
    records.readings,
    records.access.access_tables,
    records.check_tables,
    forms.tables,
    forms.books.transfer_tables,
    forms.scanning.tray.tray_tables,
    retention.tables,
    search.tables,
    search.name_tables,
    search.saved_tables,
)
METADATA: MetaData = Base.metadata
_OF_THE_ENGINE = ("search_words", "search_shadow_", "search_old_")


def upgrade(database: Database) -> None:
    """Bring the schema up to the newest migration; safe to repeat."""
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def known_revisions() -> set[str]:
    """Every state of the tables that this version of the program can come from."""
    script = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    return {one.revision for one in script.walk_revisions()}


def differences(connection: Connection) -> list[object]:
    """Where the mapped tables and the migrated database disagree; empty when history and code agree."""
    context = MigrationContext.configure(connection, opts={"include_name": _is_ours, "compare_type": True})
    return list(compare_metadata(context, METADATA))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the tables that a full-text engine keeps for itself: they are no mapped classes."""
    return not (kind == "table" and name is not None and name.startswith((*_OF_THE_ENGINE, "alembic_")))
