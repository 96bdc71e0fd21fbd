"""Tables and their history agree, on both databases, and upgrading is safe to repeat."""

from __future__ import annotations

from records.database import Database
from web import schema


def test_the_migrations_make_exactly_the_mapped_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        assert schema.differences(connection) == []


def test_upgrading_again_changes_nothing(database: Database) -> None:
    schema.upgrade(database)
    with database.engine.connect() as connection:
        assert schema.differences(connection) == []
