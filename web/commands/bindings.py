"""yedang book inspect and neighbours: what paper itself tells of the book it was bound in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books, numbering
from forms.books import PAGE_STATES, binding
from forms.books.binding import VERDICTS, Damage, Inspection, Leaf, Links
from forms.scanning.receiving import leafing
from forms.tables import Serial
from records.errors import BadInput
from records.users import OFFICE_ROLES
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import Console, OfficeCommand, pass_console

FINDING_COLUMNS = (Column("zh", "发现", "Finding"),)
FINDING_COLUMNS_EN = (Column("en", "发现", "Finding"),)
MISSING_COLUMNS = (
    Column("page", "没有扫到的页", "Page not in the scan"),
    Column("serial", "编号", "Serial"),
    Column("state", "登记状态", "On record", {key: zh for key, (zh, _) in PAGE_STATES.items()}),
)
# Chain codes have twelve letters together, a serial has more.
_CODES_LENGTH = 12


@click.command("inspect", cls=OfficeCommand)
@click.argument("batches_or_files", nargs=-1, required=True)
@click.option("--book", "number", default="", help="应是哪一册,默认取页数最多的一册 / which book it should be")
@pass_console
def inspect(console: Console, batches_or_files: tuple[str, ...], number: str) -> Answer:
    """查一叠扫描页(批次号、文件或文件夹):缺、重、错序、别册、原不相邻;不归档。 / What a scan tells of a book."""
    with console.office.reading() as session:
        console.actor(session).require("核对成册表单", *OFFICE_ROLES)
        leaves = _in_a_row(_leaves(console, session, batches_or_files))
        home = leafing.span_of(books.find_book(session, number)) if number else None
        names = dict(leafing.book_names(session, leaves)) | ({home: number.upper()} if home else {})
        found = binding.inspect(leaves, home=home, names=names)
        missing = _missing(session, found)
    rows = [asdict(one) for one in found.findings]
    data = {"book": found.name or None, "seen": found.seen, "whole": found.whole, "findings": rows, "missing": missing}
    columns = FINDING_COLUMNS_EN if console.language == "en" else FINDING_COLUMNS
    parts = [Table(columns, rows)] if rows else []
    parts += [Table(MISSING_COLUMNS, missing)] if missing else []
    return answer(data, _verdict(found), *parts)


def _leaves(console: Console, session: Session, sources: Sequence[str]) -> Iterator[list[Leaf]]:
    """The pages of each batch, file, or file of a folder."""
    for source in sources:
        if source.isdigit() and not Path(source).exists():
            yield leafing.read_batch(session, int(source))
            continue
        path = Path(source)
        for file in sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]:
            title = (f"查看 {file.name}", f"Leafing through {file.name}")
            with console.progress(*title) as progress, file.open("rb") as scan:
                yield leafing.read_file(console.office.desk, file.name, scan, progress)


def _in_a_row(piles: Iterator[list[Leaf]]) -> list[Leaf]:
    """Several piles as one, counted through."""
    leaves = [leaf for pile in piles for leaf in pile]
    return [replace(leaf, position=position) for position, leaf in enumerate(leaves, start=1)]


def _missing(session: Session, found: Inspection) -> list[dict[str, object]]:
    """The pages that are not in the scan, with what the records know of each."""
    gone = {s: page for one in found.of(Damage.MISSING) for page, s in zip(one.pages, one.serials, strict=True)}
    rows = session.execute(select(Serial.text, Serial.state).where(Serial.text.in_(gone)))
    states = {serial: state for serial, state in rows}  # noqa: C416 - mypy knows rows as tuples only so
    return [{"page": page, "serial": serial, "state": states.get(serial)} for serial, page in gone.items()]


def _verdict(found: Inspection) -> Sentence:
    if found.span is None:
        return Sentence(f"{found.seen} 张中没有册页。", f"None of {found.seen} sheets is a page of a book.")
    pages = found.span.pages
    if found.whole:
        return Sentence(f"{found.name}:{pages} 页齐全,次序正确。", f"{found.name}: all {pages} pages, in order.")
    return Sentence(
        f"{found.name}(共 {pages} 页),查看 {found.seen} 张:",
        f"{found.name} ({pages} pages), {found.seen} sheets looked at:",
    )


@click.command("neighbours", cls=OfficeCommand)
@click.argument("first")
@click.argument("second")
@pass_console
def neighbours(console: Console, first: str, second: str) -> Answer:
    """两张纸页原来是否相邻。 / Whether two pages were neighbours in a book.

    各给编号,或页上印的三个链码,如 "ABCD EFGH IJKL",没有的写「无」。
    Each by its serial, or by the three chain codes printed on it, 0 where there is none.
    """
    with console.office.reading() as session:
        console.actor(session).require("核对成册表单", *OFFICE_ROLES)
        links = [_links(console, session, text) for text in (first, second)]
    verdict = binding.neighbours(*links)
    zh, en = VERDICTS[verdict]
    return said({"verdict": verdict.value, "first": asdict(links[0]), "second": asdict(links[1])}, zh, en)


def _links(console: Console, session: Session, text: str) -> Links:
    if len(numbering.compact(text)) <= _CODES_LENGTH:
        return Links.read(text)
    serial = numbering.find_serial(session, text)
    if serial.book is None:
        raise BadInput(what=f"{serial.text} 不是册页 / it is no page of a book")
    return Links.printed(console.office.desk.secret, leafing.span_of(serial.book), serial.page_no)


COMMANDS = (inspect, neighbours)
