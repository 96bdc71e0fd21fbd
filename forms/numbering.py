"""Serials 页码编号: how they read, how a wrong character shows, and how they are allotted without a gap.

A serial reads ``HF-01-2026-000123-A``: form, year, number, check character. The check character is ISO 7064
MOD 37-2, over form, year and number: every wrong character and every swap of two characters is caught (its
weights, the powers of 2 modulo 37, all differ). It may be a digit, a letter or ``*``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_37_2

from forms.catalogue import Form
from forms.tables import Counter, PrintRun, Serial
from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor

#: As many numbers as one act may take: enough for a year's books, too few for a slip of the finger to hurt.
MOST_AT_ONCE = 10_000

_PARTS = ("([A-Z]{2})", "([0-9]{2})", "(2[0-9]{3})", "([0-9]{6}|[1-9][0-9]{6,8})", "([0-9A-Z*])")
# All hyphens or none: with some of them, a digit typed for a hyphen could make another, valid serial.
_SHAPES = tuple(re.compile(hyphen.join(("-?".join(_PARTS[:2]), *_PARTS[2:]))) for hyphen in ("-", ""))
_SEPARATORS = re.compile(r"[\s\-‐‑–—_/.]+")


class BadSerial(OfficeError):
    """What was typed or read is no serial, or one of its characters is wrong."""

    code = "number.bad_serial"
    zh = "编号无法识别或有错字:{text}(例如 HF-01-2026-000123-A)。"
    en = "Not a serial, or a character of it is wrong: {text} (as in HF-01-2026-000123-A)."


class UnknownSerial(OfficeError):
    """A well-formed serial that this office never allotted."""

    code = "number.unknown"
    zh = "本处没有发出过编号 {serial}。"
    en = "This office never gave out the number {serial}."


@dataclass(frozen=True)
class SerialParts:
    """What a serial says: the form's code, the year, and the number within them."""

    form_code: str
    year: int
    number: int


def compact(text: str) -> str:
    """A serial without its hyphens, in capital letters, without checking it.

    >>> compact("hf-01-2026-000123-a")
    'HF012026000123A'
    """
    return _spelled(text).replace("-", "")


def _spelled(text: str) -> str:
    """Capital letters of normal width, and one hyphen for whatever stands between the parts."""
    return _SEPARATORS.sub("-", unicodedata.normalize("NFKC", text).upper()).strip("-")


def validate(text: str) -> str:
    """The serial as printed, whatever its spelling. Raises BadSerial."""
    spelled = _spelled(text)
    shape = next(filter(None, (shape.fullmatch(spelled) for shape in _SHAPES)), None)
    if shape is None or not mod_37_2.is_valid("".join(shape.groups())):
        raise BadSerial(text=text.strip()[:40])
    return "-".join(shape.groups())


def is_valid(text: str) -> bool:
    """Whether the text is a serial, in any spelling, with every character right."""
    try:
        validate(text)
    except BadSerial:
        return False
    return True


def format(text: str) -> str:
    """The serial as printed; a synonym of ``validate`` that reads better where one is shown. Raises BadSerial."""
    return validate(text)


def compose(form_code: str, year: int, number: int) -> str:
    """The serial of a number, with its check character.

    >>> compose("HF-01", 2026, 123)
    'HF-01-2026-000123-A'
    """
    body = f"{form_code}-{year:04d}-{number:06d}"
    return f"{body}-{mod_37_2.calc_check_digit(compact(body))}"


def parse(text: str) -> SerialParts:
    """What a serial says. Raises BadSerial.

    >>> parse("HF-01-2026-000123-A")
    SerialParts(form_code='HF-01', year=2026, number=123)
    """
    procedure, form, year, number, _check = validate(text).split("-")
    return SerialParts(f"{procedure}-{form}", int(year), int(number))


def allot(session: Session, form_code: str, year: int, count: int) -> range:
    """Take the next ``count`` numbers of a form in a year; they are taken only if the transaction commits.

    The counter's row stays locked until then, so that nobody gets a number behind one that is given back: no gap.
    Raises BadInput for a count below 1 or above MOST_AT_ONCE.
    The log's lock is taken first: whoever allots goes on to write the log, and two transactions that took the two
    locks in different order would wait for each other.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise BadInput(what=f"数量 {count}(1 至 {MOST_AT_ONCE})")
    audit.lock(session)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Counter).values(form_code=form_code, year=year, last=count)
    taken = statement.on_conflict_do_update(
        index_elements=[Counter.form_code, Counter.year], set_={"last": Counter.last + count}
    ).returning(Counter.last)
    last: int = session.execute(taken, execution_options={"populate_existing": True}).scalar_one()
    return range(last - count + 1, last + 1)


def coming(session: Session, form: Form, count: int) -> list[str]:
    """The serials that come next if nobody else takes any first; nothing is taken."""
    year = clock.local_date(clock.now()).year
    query = select(Counter.last).where(Counter.form_code == form.code, Counter.year == year)
    last = session.scalar(query) or 0
    return [compose(form.code, year, number) for number in range(last + 1, last + count + 1)]


def take_numbers(session: Session, actor: Actor, form: Form, count: int) -> list[Serial]:
    """Allot ``count`` numbers of this year to a new print run, with a row for each; state allotted.

    Raises NotAllowed, BadInput (count).
    """
    actor.require("领取编号", *OFFICE_ROLES)
    now = clock.now()
    year = clock.local_date(now).year
    numbers = allot(session, form.code, year, count)
    run = PrintRun(
        form_code=form.code,
        form_version=form.version,
        year=year,
        first=numbers[0],
        last=numbers[-1],
        printed_by=actor.id,
        printed_at=now,
    )
    session.add(run)
    session.flush()
    serials = [_new_serial(run, number) for number in numbers]
    session.add_all(serials)
    session.flush()
    details = {"form": form.code, "year": year, "first": run.first, "last": run.last}
    audit.append(session, actor.id, Verb.NUMBERS_ALLOTTED, f"run:{run.id}", details)
    return serials


def send_out(
    serial: Serial, actor: Actor, values: Mapping[str, Any], unit: Unit | None, dossier_id: int | None, copies: int = 1
) -> None:
    """A sheet's number goes to the counter at once: with what is printed into it, and where its scan will belong."""
    serial.state, serial.state_by, serial.entered = "issued", actor.id, dict(values)
    serial.unit_id, serial.dossier_id = unit.id if unit else None, dossier_id
    serial.copy_count = copies


def _new_serial(run: PrintRun, number: int) -> Serial:
    return Serial(
        text=compose(run.form_code, run.year, number),
        form_code=run.form_code,
        form_version=run.form_version,
        year=run.year,
        number=number,
        state="allotted",
        run_id=run.id,
        entered={},
        state_at=run.printed_at,
    )


def find_serial(session: Session, text: str) -> Serial:
    """The number that a text means. Raises BadSerial, UnknownSerial."""
    serial = validate(text)
    row = session.scalar(select(Serial).where(Serial.text == serial))
    if row is None:
        raise UnknownSerial(serial=serial)
    return row


def lock_serial(session: Session, text: str) -> Serial:
    """The same for an act on it: its row read afresh, and nobody else's until the transaction ends."""
    audit.lock(session)
    row = find_serial(session, text)
    session.refresh(row, with_for_update=True)
    return row
