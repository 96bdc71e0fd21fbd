"""The proof of who may do what: every page, act and command, every role, with and without a grant, against one table.

The table is ``proof.yaml``; its head says how to add a row. One office serves the whole walk, because nothing commits.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from records import access, users
from tests.web import proving
from tests.web.conftest import SECRET_FORMER, SECRET_TEXT, Visitor, settings_of
from tests.web.proving import HIDDEN, ROLES
from web.application import create_app
from web.office import Office

OPEN = {"/sign-in", "/sign-in/code", "/sign-out", "/static/<path:filename>", "/bootstrap/static/<path:filename>"}
UNKNOWN = "987654"


@dataclass
class Proof:
    """An office with everybody at the door, in one state of the staff member's request."""

    office: Office
    visitors: dict[str, Visitor]
    names: dict[str, str]


def _begin(furnished_home: Path, folder: Path, *, granted: bool) -> Proof:
    home = folder / "office"
    shutil.copytree(furnished_home, home)
    office = Office.open(settings_of(home))
    proving.furnish_more(office)
    proving.lay_out_files(home)
    if granted:
        with office.transaction() as session:
            request = access.find_request(session, users.find_actor(session, "staff"), 1)
            access.approve(session, users.find_actor(session, "manager"), request)
            access.register(session, users.find_actor(session, "archivist"), request)
    app = create_app(office)
    visitors = {role: Visitor(app.test_client()) for role in ROLES}
    for role, visitor in visitors.items():
        assert visitor.sign_in(role).status_code == 302
    return Proof(office, visitors, proving.names_of(office))


@pytest.fixture(scope="module")
def closed(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """Nobody has a grant."""
    proof = _begin(furnished_home, tmp_path_factory.mktemp("closed"), granted=False)
    yield proof
    proof.office.database.close()


@pytest.fixture(scope="module")
def granted(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """The staff member sees DA-3-2-1201-01 on screen."""
    proof = _begin(furnished_home, tmp_path_factory.mktemp("granted"), granted=True)
    yield proof
    proof.office.database.close()


def test_every_page_act_and_command_stands_in_the_table(app: Flask) -> None:
    table, rules = proving.load(), list(app.url_map.iter_rules())
    pages = {rule.rule for rule in rules if "GET" in (rule.methods or set())} - OPEN
    acts = {rule.rule for rule in rules if "POST" in (rule.methods or set())} - OPEN
    assert pages ^ set(table["pages"]) == set(), "tests/web/proof.yaml, pages"
    assert acts ^ set(table["acts"]) == set(), "tests/web/proof.yaml, acts"
    assert set(proving.commands()) ^ set(table["commands"]) == set(), "tests/web/proof.yaml, commands"


@pytest.mark.parametrize("part", ["pages", "acts"])
def test_without_a_grant_every_role_is_answered_as_the_table_says(closed: Proof, part: str) -> None:
    wrong, telling = {}, []
    with proving.nothing_commits():
        for rule, row in proving.load()[part].items():
            answers = [proving.answered(closed.visitors[role], row, closed.names, act=part == "acts") for role in ROLES]
            told = "".join(outcome for outcome, _text in answers)
            if told != row["answer"]:
                wrong[rule] = f"{told}, not {row['answer']}"
            telling += [rule for _outcome, text in answers if SECRET_TEXT in text or SECRET_FORMER in text]
    assert (wrong, telling) == ({}, [])


@pytest.mark.parametrize("part", ["pages", "acts"])
def test_a_grant_opens_its_dossier_to_its_asker_and_nothing_else(granted: Proof, part: str) -> None:
    wrong = {}
    with proving.nothing_commits():
        for rule, row in proving.load()[part].items():
            expected = row.get("granted", row["answer"])
            # What a grant does not touch is asked again by its holder alone.
            roles = ROLES if "granted" in row else ROLES[:1]
            told = "".join(
                proving.answered(granted.visitors[role], row, granted.names, act=part == "acts")[0] for role in roles
            )
            if told != expected[: len(roles)]:
                wrong[rule] = f"{told}, not {expected}"
    assert wrong == {}


def test_without_a_grant_every_command_answers_every_role_as_the_table_says(closed: Proof) -> None:
    program, wrong, telling = proving.Program(closed.office.settings.home), {}, []
    with proving.nothing_commits():
        for name, row in proving.load()["commands"].items():
            if "machine" in row:
                continue
            words = f"{name} {proving.filled(row['words'], closed.names)}"
            answers = [program(words, role) for role in ROLES]
            told = "".join(outcome for outcome, _text in answers)
            if told != row["answer"]:
                wrong[name] = f"{told}, not {row['answer']}"
            telling += [name for _outcome, text in answers if SECRET_TEXT in text or SECRET_FORMER in text]
    assert (wrong, telling) == ({}, [])


def test_under_a_grant_commands_open_its_dossier_to_its_asker_and_nothing_else(granted: Proof) -> None:
    program, wrong = proving.Program(granted.office.settings.home), {}
    with proving.nothing_commits():
        for name, row in proving.load()["commands"].items():
            if "machine" in row or "granted" not in row:
                continue
            words = f"{name} {proving.filled(row['words'], granted.names)}"
            told = "".join(program(words, role)[0] for role in ROLES)
            if told != row["granted"]:
                wrong[name] = f"{told}, not {row['granted']}"
    assert wrong == {}


def _hidden_addresses() -> Iterator[tuple[str, str, str, bool, dict[str, str]]]:
    table = proving.load()
    for part, act in (("pages", False), ("acts", True)):
        for rule, row in table[part].items():
            for role, outcome in zip(ROLES, row["answer"], strict=True):
                if outcome == HIDDEN and re.search(r"/\d+", row["at"]):
                    yield rule, role, row["at"], act, row.get("fields", {})


def test_not_found_and_not_allowed_are_one_answer_byte_for_byte_and_statement_for_statement(closed: Proof) -> None:
    unlike = []
    with proving.nothing_commits():
        for rule, role, address, act, fields in _hidden_addresses():
            number = re.search(r"/(\d+)", address)
            assert number is not None
            unknown = address.replace(f"/{number[1]}", f"/{UNKNOWN}", 1)
            sent = fields if act else None
            if not any(_alike(closed, role, (address, unknown), number[1], sent) for _try in range(3)):
                unlike.append((rule, role))
    assert unlike == []


def _alike(proof: Proof, role: str, pair: tuple[str, str], number: str, fields: dict[str, str] | None) -> bool:
    """Whether both are answered alike; asked up to three times, as a session is marked as seen only now and then."""
    one, other = (_looked(proof, role, address, number, fields) for address in pair)
    return one == other


def _looked(proof: Proof, role: str, address: str, number: str, fields: dict[str, str] | None) -> tuple[int, str, int]:
    """Status, page without what was asked for, and how many statements it took."""
    visitor = proof.visitors[role]
    with proving.counted(proof.office) as asked:
        if fields is None:
            answer = visitor.get(address)
        else:
            answer = visitor.post(address, **proving.filled(fields, proof.names))
    page = proving.without_chance(answer.text, UNKNOWN).replace(number, "")
    return answer.status_code, page, len(asked)
