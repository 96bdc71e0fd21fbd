"""A real office in a folder, and the program run in it through its own entry point."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click.testing
import pytest
from sqlalchemy import create_engine, text

from records import users
from records.settings import Settings
from records.users import Role
from web.command_line import yedang
from web.office import Office

PASSWORD = "一间办公室的长密码123"
PEOPLE = {"admin": Role.ADMIN, "staff": Role.STAFF, "archivist": Role.ARCHIVIST, "supervisor": Role.SUPERVISOR}
MANAGERS = {"manager": Role.MANAGER, "manager2": Role.MANAGER}
UNITS = """小区,楼栋,单元房号,业主,电话,身份证号,起始日期
东光花园,3,3-2-1201,王建国,13800001111,,2020-01-15
东光花园,3,3-2-1202,李秀英、赵一鸣,13800001112、13800001113,,2021/5/1
东光花园,1,1-1-0101,,,,
"""


@dataclass(frozen=True)
class Run:
    """What a run of the program left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Program:
    """The program in one data folder: ``program("book", "list", actor="staff")``."""

    home: Path
    database_url: str = ""

    def __call__(self, *words: object, actor: str = "", typed: str = "", data: bool = False) -> Run:
        """Run one command; ``data`` asks for JSON. An error that is no sentence fails the test."""
        environment = {"YEDANG_HOME": str(self.home), "YEDANG_ACTOR": actor, "YEDANG_DATABASE_URL": self.database_url}
        arguments = [*map(str, words), *(["--json"] if data else [])]
        done = click.testing.CliRunner().invoke(yedang, arguments, input=typed, env=environment)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Run(done.exit_code, done.stdout, done.stderr)

    def ask(self, *words: object, actor: str = "") -> Any:
        """Run a command that must succeed, and give its JSON."""
        done = self(*words, actor=actor, data=True)
        assert done.code == 0, done.err
        return done.data


@pytest.fixture(scope="session")
def office_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with its people and three units, made once and copied for each test."""
    home = tmp_path_factory.mktemp("office")
    office = Office.init(Settings.read({"YEDANG_HOME": str(home)}))
    with office.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "admin", Role.ADMIN, PASSWORD))
        for name, role in {**PEOPLE, **MANAGERS}.items():
            if role != Role.ADMIN:
                users.add_user(session, admin, name, role, PASSWORD)
    office.database.close()
    table = home / "units.csv"
    table.write_text(UNITS)
    Program(home).ask("unit", "import", table, actor="manager")
    return home


@pytest.fixture
def program(home: Path, office_template: Path) -> Program:
    """The program in an office of its own."""
    shutil.copytree(office_template, home, dirs_exist_ok=True)
    return Program(home)


@pytest.fixture
def empty_program(home: Path) -> Program:
    """The program in an empty data folder."""
    return Program(home)


@pytest.fixture(params=["sqlite", "postgresql"])
def either_program(request: pytest.FixtureRequest, home: Path) -> Program:
    """The program in an empty data folder, once on SQLite and once on a real PostgreSQL."""
    if request.param == "sqlite":
        return Program(home)
    pattern: str = request.getfixturevalue("postgresql_server")
    name = f"empty_{home.parent.name}".lower()[-50:]
    server = create_engine(pattern.format("postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0"))
    server.dispose()
    return Program(home, pattern.format(name))


@pytest.fixture
def grant(program: Program) -> Callable[..., None]:
    """Open a unit's dossier to somebody: ``grant("3-2-1201", "staff")``, or ``mode="loan"``."""

    def give(unit: str, name: str, mode: str = "screen") -> None:
        words = ("access", "request", unit, "--purpose", "核对", "--mode", mode)
        number = program.ask(*words, actor=name)["request"]["id"]
        program.ask("access", "approve", number, actor="manager")
        program.ask("access", "register", number, actor="archivist")

    return give
