"""The migrations: they make what the mapped classes say, on both databases, and may be run again."""

from __future__ import annotations

from records.database import Database
from web import schema


def test_history_and_tables_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        assert schema.differences(connection) == []


def test_an_upgrade_may_be_repeated(database: Database) -> None:
    schema.upgrade(database)
    with database.engine.connect() as connection:
        assert schema.differences(connection) == []
