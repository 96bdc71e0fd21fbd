"""Numbers: read as printed, wrong ones caught, and never a collision or a gap."""

from __future__ import annotations

import multiprocessing
import random
import threading
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from forms import numbering
from forms.catalogue import Form, load_catalogue
from forms.numbering import BadSerial, SerialParts, UnknownSerial, compose, parse
from forms.tables import Counter, PrintRun, Serial
from records import clock
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.users import Actor

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
serials = st.builds(
    compose,
    st.from_regex(r"\A[A-Z]{2}-[0-9]{2}\Z"),
    st.integers(2000, 2999),
    st.one_of(st.integers(1, 999_999), st.integers(1_000_000, 999_999_999)),
)


@pytest.fixture(scope="module")
def form() -> Form:
    return load_catalogue().form("HF-01")


@given(serials)
def test_every_single_wrong_character_is_caught(serial: str) -> None:
    clean = numbering.compact(serial)
    for place, right in enumerate(clean):
        for wrong in ALPHABET.replace(right, ""):
            assert not numbering.is_valid(clean[:place] + wrong + clean[place + 1 :])


@given(serials)
def test_every_swap_of_two_characters_is_caught(serial: str) -> None:
    clean = numbering.compact(serial)
    for one, other in combinations(range(len(clean)), 2):
        if clean[one] != clean[other]:
            swapped = list(clean)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            assert not numbering.is_valid("".join(swapped))


@given(serials)
def test_a_character_for_a_hyphen_or_swapped_with_one_is_caught(serial: str) -> None:
    hyphens = [place for place, character in enumerate(serial) if character == "-"]
    for place in hyphens:
        for wrong in ALPHABET:
            assert not numbering.is_valid(serial[:place] + wrong + serial[place + 1 :])
    for place in (place for hyphen in hyphens for place in (hyphen - 1, hyphen)):
        swapped = serial[:place] + serial[place + 1] + serial[place] + serial[place + 2 :]
        assert not numbering.is_valid(swapped)


@pytest.mark.parametrize(
    "spelling",
    [
        "hf-01-2026-000123-a",
        "hf01-2026-000123-a",
        "HF012026000123A",
        " HF 01 2026 000123 A ",
        "ＨＦ－01－2026－000123－Ａ",
    ],
)
def test_a_serial_is_read_however_a_clerk_types_it(spelling: str) -> None:
    assert numbering.validate(spelling) == "HF-01-2026-000123-A"
    assert parse(spelling) == SerialParts("HF-01", 2026, 123)


def test_a_refused_serial_is_named_in_both_languages() -> None:
    with pytest.raises(BadSerial) as refused:
        parse("HF-01-2026-000124-A")
    assert "HF-01-2026-000124-A" in refused.value.sentence("zh")
    assert "HF-01-2026-000124-A" in refused.value.sentence("en")


def test_numbers_of_a_form_follow_each_other_and_each_form_counts_for_itself(
    database: Database, actors: Any, form: Form
) -> None:
    other = load_catalogue().form("ZX-08")
    for wanted in ([1, 2, 3], [4, 5]):
        with database.transaction() as session:
            taken = numbering.take_numbers(session, actors.staff, form, len(wanted))
            assert [serial.number for serial in taken] == wanted
    with database.transaction() as session:
        assert numbering.take_numbers(session, actors.staff, other, 1)[0].number == 1


def test_a_new_year_counts_from_one_again(
    database: Database, actors: Any, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Still the 31st in UTC, already the new year in the office.
    for instant, number in ((datetime(2026, 12, 31, 15, tzinfo=UTC), 1), (datetime(2026, 12, 31, 17, tzinfo=UTC), 1)):
        monkeypatch.setattr(clock, "now", lambda instant=instant: instant)
        with database.transaction() as session:
            serial = numbering.take_numbers(session, actors.staff, form, 1)[0]
            assert (serial.year, serial.number) == (clock.local_date(instant).year, number)


def test_numbers_come_with_their_print_run(database: Database, actors: Any, form: Form) -> None:
    with database.transaction() as session:
        numbering.take_numbers(session, actors.staff, form, 3)
    with database.reading() as session:
        run = session.scalars(select(PrintRun)).one()
        assert (run.first, run.last, run.printed_by) == (1, 3, actors.staff.id)
        assert session.scalars(select(Serial.run_id)).all() == [run.id] * 3


@pytest.mark.parametrize("count", [0, -1, numbering.MOST_AT_ONCE + 1])
def test_a_senseless_count_takes_no_number(database: Database, actors: Any, form: Form, count: int) -> None:
    with database.transaction() as session, pytest.raises(BadInput):
        numbering.take_numbers(session, actors.staff, form, count)
    with database.reading() as session:
        assert session.scalars(select(Counter)).all() == []


def test_an_administrator_takes_no_numbers(database: Database, actors: Any, form: Form) -> None:
    with database.transaction() as session, pytest.raises(NotAllowed):
        numbering.take_numbers(session, actors.admin, form, 1)


def test_a_number_never_given_out_is_unknown(database: Database, actors: Any) -> None:
    with database.transaction() as session, pytest.raises(UnknownSerial, match="HF-01-2026-000123-A"):
        numbering.find_serial(session, "hf01 2026 000123 a")


def _take_and_sometimes_fail(url: str, actor: Actor, seed: int, taken: Any) -> None:
    """What one of the processes does: 12 transactions, of which some fall back after taking numbers."""
    luck, form, database = random.Random(seed), load_catalogue().form("HF-01"), Database(url)
    for _ in range(12):
        try:
            with database.transaction() as session:
                numbers = [s.number for s in numbering.take_numbers(session, actor, form, luck.randint(1, 4))]
                if luck.random() < 0.3:
                    raise RuntimeError("the printer jams")
        except RuntimeError:
            continue
        taken.put(numbers)
    database.close()


def test_eight_processes_at_once_never_collide_and_leave_no_gap(database: Database, actors: Any) -> None:
    database.close()  # a connection must not be shared over a fork
    url = database.engine.url.render_as_string(hide_password=False)
    fork = multiprocessing.get_context("fork")
    with fork.Manager() as manager:
        taken = manager.Queue()
        work = [fork.Process(target=_take_and_sometimes_fail, args=(url, actors.staff, n, taken)) for n in range(8)]
        for process in work:
            process.start()
        for process in work:
            process.join(timeout=120)
            assert process.exitcode == 0
        numbers = [number for _ in range(taken.qsize()) for number in taken.get()]
    assert len(numbers) > 50
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    with database.reading() as session:
        assert session.scalars(select(Counter.last)).one() == len(numbers)
        assert sorted(session.scalars(select(Serial.number))) == sorted(numbers)


def test_two_transactions_that_take_two_forms_in_opposite_order_both_succeed(database: Database, actors: Any) -> None:
    forms = [load_catalogue().form(code) for code in ("HF-01", "ZX-08")]
    failed: list[Exception] = []

    def take(order: list[Form]) -> None:
        try:
            for _ in range(10):
                with database.transaction() as session:
                    for form in order:
                        numbering.take_numbers(session, actors.staff, form, 1)
        except Exception as error:
            failed.append(error)

    work = [threading.Thread(target=take, args=(order,)) for order in (forms, forms[::-1])]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(timeout=60)
    assert failed == []
    with database.reading() as session:
        assert session.scalars(select(Counter.last)).all() == [20, 20]
