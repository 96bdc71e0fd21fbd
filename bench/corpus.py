"""Filing judged page by page: 3,000 scans of all printed forms at three levels of wear, and what became of each.

The corpus is made here: every form that is printed (``corpus_paper``), signed with pens from 0.25 to 0.9 mm, rasterised
at 150, 200 and 300 dpi, in colour and grey, and worn by ``forms.scanning.imitation.samples``: skew, crops, noise, blur,
JPEG, stains, quarter turns, pen strokes across the code, codes destroyed. Then it is filed through
the intake as any pile is.
"""

from __future__ import annotations

import multiprocessing
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import corpus_paper
from bench.corpus_paper import UNITS, Piece, Sheet, Truth
from bench.peers import PEERS, RECOGNITION
from bench.report import Section
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanPage
from records import dossiers, units, users
from records.clock import parse_date
from records.settings import Settings
from records.tables import Document, Page, Unit
from records.users import Actor
from web.office import Office

PAGES = 3000
DPI = (150, 200, 300)
# A pile as it is laid on the scanner: so many pages are drawn, filed and forgotten before the next.
PILE = 12
PROCESSES = 2
_SERIAL = re.compile(r"[A-Z]{2}-\d{2}-2\d{3}-\d{6}-[0-9A-Z*]")
# Every so many pages the peers see one too; full recognition takes seconds a page and sees fewer.
PEERS_EVERY = 10
RECOGNISED_EVERY = 100


@dataclass(frozen=True)
class Share:
    """A part of the corpus that one process makes and files: a level, a resolution, so many pages.

    ``peers``: whether the peers see some of them too. ``keep``: a folder for pictures of pages that went astray.
    """

    level: str
    dpi: int
    pages: int
    seed: int
    peers: bool = False
    keep: Path | None = None


@dataclass
class Tally:
    """What became of pages and boxes, and what the peers made of some of the same pages."""

    pages: Counter[str] = field(default_factory=Counter)
    boxes: Counter[str] = field(default_factory=Counter)
    forms: set[str] = field(default_factory=set)
    peers: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)

    def took(self, name: str, seconds: float) -> None:
        """Note time spent by ours or a peer."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def add(self, other: Tally) -> None:
        """Take another share's counts in."""
        self.pages += other.pages
        self.boxes += other.boxes
        self.forms |= other.forms
        for name, seconds in other.seconds.items():
            self.took(name, seconds)
        self.odd += other.odd
        for name, counts in other.peers.items():
            self.peers[name] = self.peers.get(name, Counter()) + counts


def shares(pages: int, peers: bool = False, keep: Path | None = None) -> list[Share]:
    """The corpus in parts of one level and resolution, two of each, so that two processes are kept busy."""
    kinds = [(level, dpi) for level in samples.LEVELS for dpi in DPI for _ in range(PROCESSES)]
    sizes = [pages // len(kinds) + (number < pages % len(kinds)) for number in range(len(kinds))]
    return [
        Share(level, dpi, size, 1000 * number, peers, keep)
        for number, ((level, dpi), size) in enumerate(zip(kinds, sizes, strict=True))
    ]


def judged(share: Share) -> Tally:
    """Make a share of the corpus, file it in an office of its own, and compare every fate with the truth."""
    cv2.setNumThreads(1)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        corpus_paper.put_own_form(home)
        office, actor = new_office(home)
        paper = corpus_paper.pieces(office, actor, share.dpi, share.seed)
        done = 0
        while done < share.pages:
            sheets = _pile(paper, share.pages - done)
            scans = [corpus_paper.scanned(sheet, share.level, share.dpi, share.seed + done + number)
                     for number, sheet in enumerate(sheets)]  # fmt: skip
            truths = [sheet.truth for sheet in sheets]
            _file(office, actor, share, scans, truths, tally)
            if share.peers:
                _ask_peers(scans, truths, done, tally)
            done += len(sheets)
    return tally


def _pile(paper: Iterator[Piece], most: int) -> list[Sheet]:
    """As many pieces as a pile holds; what must lie together does, and nothing is beyond the corpus's last page."""
    pile: list[Sheet] = []
    while len(pile) < min(PILE, most):
        piece = next(paper)
        if len(pile) + len(piece) <= most:
            pile += piece
    return pile


def new_office(home: Path) -> tuple[Office, Actor]:
    """An office with three homes, and its clerk."""
    office = Office.init(Settings.read({"YEDANG_HOME": str(home)}))
    with office.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "admin", "admin", "measured beside its peers"))
        archivist = users.as_actor(
            users.add_user(session, admin, "archivist", "archivist", "measured beside its peers")
        )
        staff = users.as_actor(users.add_user(session, admin, "staff", "staff", "measured beside its peers"))
        for code in UNITS:
            unit = units.add_unit(session, archivist, "东光花园", code)
            owner = dossiers.NewOwner("王建国", "13800001111")
            dossiers.start_ownership(session, office.vault, archivist, unit, [owner], parse_date("2020-01-01"))
    return office, staff


def _file(
    office: Office, actor: Actor, share: Share, scans: list[Image.Image], truths: list[Truth], tally: Tally
) -> None:
    data = samples.scan_pdf(scans, share.dpi, samples.LEVELS[share.level].quality)
    begun = time.perf_counter()
    with office.transaction() as session:
        batch_id = intake.receive(session, office.desk, actor, "scan.pdf", data).id
    batch_work.work_batch(office.database, office.desk, actor, batch_id)
    tally.took("filing", time.perf_counter() - begun)
    with office.reading() as session:
        rows = session.scalars(select(ScanPage).where(ScanPage.batch_id == batch_id).order_by(ScanPage.position))
        for row, truth, scan in zip(rows, truths, scans, strict=True):
            fate = _fate(session, row, truth)
            tally.pages[fate] += 1
            tally.forms.add(truth.serial[:5])
            if fate == "right":
                _judge_boxes(row, truth, tally, share, scan)
            else:
                _keep(scan, share, f"{fate}-{row.batch_id}-{row.position}-{truth.serial}-{row.reason}", tally)


def _fate(session: Session, row: ScanPage, truth: Truth) -> str:
    """right, tray or wrong: anything that is neither filed at its own place nor laid before a person is wrong."""
    if row.state == "tray":
        return "tray"
    known = (truth.serial, None, None) if truth.behind else (truth.serial, truth.page, truth.copy)
    if row.state != "filed" or (row.serial, row.page_no, row.copy) != known:
        return "wrong"
    document, page = session.execute(
        select(Document, Page).join(Page, Page.document_id == Document.id).where(Page.id == row.page_id)
    ).one()
    unit = session.get(Unit, document.unit_id) if document.unit_id is not None else None
    place = (document.serial, document.copy, unit.code if unit else None)
    position = 1 if document.book_id is not None else truth.page
    return "right" if (*place, page.position) == (truth.serial, truth.copy, truth.unit, position) else "wrong"


def _judge_boxes(row: ScanPage, truth: Truth, tally: Tally, share: Share, scan: Image.Image) -> None:
    for key in truth.boxes:
        found = row.signatures[key]["signed"]
        kind = "grey" if found is None else "right" if found == (key in truth.signed) else "wrong"
        tally.boxes[kind] += 1
        if kind != "right":
            inked = "signed" if key in truth.signed else "blank"
            name = f"box-{kind}-{row.batch_id}-{row.position}-{truth.serial}-{key}-{inked}-{row.signatures[key]['ink']}"
            _keep(scan, share, name, tally)


def _keep(scan: Image.Image, share: Share, name: str, tally: Tally) -> None:
    name = f"{share.level}-{share.dpi}-{share.seed}-{name}"
    tally.odd.append(name)
    if share.keep is not None:
        scan.save(share.keep / f"{name}.jpg", quality=90)


def _ask_peers(scans: Sequence[Image.Image], truths: Sequence[Truth], start: int, tally: Tally) -> None:
    """Let the peers look at some of the same pages. They only look: nothing is filed, sealed or logged."""
    for number, (scan, truth) in enumerate(zip(scans, truths, strict=True), start=start):
        for name, look in PEERS.items():
            if look is not None and number % _every(name) == 0:
                begun = time.perf_counter()
                texts = look(scan)
                tally.took(name, time.perf_counter() - begun)
                tally.peers.setdefault(name, Counter())[_answer(texts, truth)] += 1


def _every(name: str) -> int:
    return RECOGNISED_EVERY if name == RECOGNITION else PEERS_EVERY


def _answer(texts: Sequence[str], truth: Truth) -> str:
    """right, none or wrong: what a peer's texts say of the page's number."""
    serials = {found.group() for text in texts for found in _SERIAL.finditer(text)}
    return "none" if not serials else "right" if serials == {truth.serial} else "wrong"


def by_level(pages: int, peers: bool = False, keep: Path | None = None) -> dict[str, Tally]:
    """Make and judge a corpus of so many pages, in two processes; a tally for each level."""
    found = {level: Tally() for level in samples.LEVELS}
    parts = shares(pages, peers, keep)
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as executor:
        for part, tally in zip(parts, executor.map(judged, parts), strict=True):
            found[part.level].add(tally)
    return found


def _share_of(count: int, total: int) -> str:
    return f"{count} ({100 * count / max(1, total):.2f} %)"


def measure(pages: int = PAGES) -> Section:
    """The corpus filed, and what the peers read on a part of it."""
    tallies = by_level(pages, peers=True)
    section = Section(
        f"Filing judged: {pages} scans of {len(set().union(*(tally.forms for tally in tallies.values())))} forms",
        ["level", "pages", "right", "tray", "wrong", "signatures: judged wrongly", "left to a person", "boxes"],
    )
    for level, tally in tallies.items():
        total, boxes = tally.pages.total(), tally.boxes.total()
        judged_boxes = tally.boxes["right"] + tally.boxes["wrong"]
        section.rows.append(
            [level, str(total), *(_share_of(tally.pages[fate], total) for fate in ("right", "tray", "wrong")),
             _share_of(tally.boxes["wrong"], judged_boxes), _share_of(tally.boxes["grey"], boxes), str(boxes)]
        )  # fmt: skip
    section.notes += _peer_notes(tallies)
    section.notes.append(_corpus_note())
    return section


def _corpus_note() -> str:
    levels = "; ".join(
        f"{level}: skew to {wear.skew:g}°, crop to {100 * wear.crop:g} %, blur {wear.blur:g} px, noise {wear.noise:g}, "
        f"JPEG {wear.quality}, {wear.stains} stains, turned {wear.turns:.0%}, pen across the code {wear.strokes:.0%}, "
        f"code destroyed {wear.destroyed:.0%}"
        for level, wear in samples.LEVELS.items()
    )
    return (
        "Grids, registers, Word forms by our own typesetting, cards cut from sheets of four, cover sheets with papers "
        f"behind them, a form of an office's own. Made at {', '.join(map(str, DPI))} dpi alike, two thirds in colour; "
        f"pens {samples.FINEST_PEN} to {samples.BOLDEST_PEN} mm. {levels}."
    )


def _peer_notes(tallies: dict[str, Tally]) -> Iterator[str]:
    for name, look in PEERS.items():
        if look is None:
            yield f"Peer {name}: not on this machine."
            continue
        told = []
        for level, tally in tallies.items():
            counts = tally.peers.get(name, Counter())
            each = tally.seconds.get(name, 0.0) / max(1, counts.total())
            told.append(
                f"{level}: {counts['right']} of {counts.total()} numbers read, {counts['wrong']} wrongly ({each:.2f} s)"
            )
        yield f"Peer {name}, on every {_every(name)}th page, reading only: {'; '.join(told)}."


if __name__ == "__main__":
    aside = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    for name, counted in by_level(int(sys.argv[1]), keep=aside).items():
        print(name, dict(counted.pages), dict(counted.boxes), f"{counted.seconds['filing']:.0f} s", *counted.odd)
