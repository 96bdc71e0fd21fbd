"""The frame around a form's body, the same on each of its pages: heading, foot, fiducials, binding line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forms.catalogue import Form
from forms.layout.board import Board
from forms.layout.items import BLACK, INK, LINE, SOFT, Line
from forms.layout.text import line_height, wrap
from forms.paper import (
    A4,
    A4_LANDSCAPE,
    BINDING_MARGIN,
    CARD,
    FIDUCIAL_INSET,
    FIDUCIAL_SIZE,
    QR_FROM_RIGHT,
    QR_SIZE,
    QR_TOP,
    RIGHT_MARGIN,
    Paper,
)

TITLE_SIZE = 21.0
QR_QUIET = 3.75  # four modules of the codes that are printed, and a little
QR_NOTE = 3.6
BODY_TOP = 57.0
NO_WRITING = "请勿在此书写"
NO_TEAR = "本页不得撕毁"
NO_ALTER = "记录不得涂改"
CORRECTION = "如有笔误，划线更正（原字迹须可辨认）并签名、注明日期"
_FOOT_FROM_BELOW = FIDUCIAL_INSET


@dataclass(frozen=True)
class Area:
    """A rectangle in mm."""

    x: float
    y: float
    w: float
    h: float


def paper_of(form: Form) -> Paper:
    """The sheet or card a form is printed on."""
    if form.paper == "card":
        return CARD
    return A4_LANDSCAPE if form.orientation == "landscape" else A4


def body_area(paper: Paper) -> Area:
    """Where the body lies: right of the binding margin, below the code, above the foot."""
    bottom = paper.height - FIDUCIAL_INSET - FIDUCIAL_SIZE / 2 - 3.0
    return Area(BINDING_MARGIN, BODY_TOP, paper.width - BINDING_MARGIN - RIGHT_MARGIN, bottom - BODY_TOP)


def code_frame(paper: Paper) -> Area:
    """The frame around the code with its quiet zone, in which nobody writes."""
    left = paper.width - QR_FROM_RIGHT - QR_SIZE - QR_QUIET
    return Area(left, QR_TOP - QR_QUIET, QR_SIZE + 2 * QR_QUIET, QR_SIZE + 2 * QR_QUIET + QR_NOTE)


def heading_width(paper: Paper) -> float:
    """Room in mm for the title, left of the code."""
    return code_frame(paper).x - BINDING_MARGIN - 4.0


def place_frame(board: Board, paper: Paper, form: Form, office: str, estate: str, subtitle: str = "") -> None:
    """Everything around the body that does not differ from page to page."""
    place_fiducials(board, paper)
    _place_code_frame(board, paper)
    _place_heading(board, paper, form, office, estate, subtitle)
    _place_foot(board, paper, form)
    if form.mode == "book":
        place_binding_line(board, paper)


def place_fiducials(board: Board, paper: Paper) -> None:
    """The four filled squares by which a scan is laid straight."""
    size = paper.fiducial_size
    for x, y in paper.fiducials:
        board.panel(x - size / 2, y - size / 2, size, size, fill=BLACK)


def _place_code_frame(board: Board, paper: Paper) -> None:
    frame = code_frame(paper)
    board.panel(frame.x, frame.y, frame.w, frame.h, stroke=0.4, colour=SOFT)
    low = frame.y + frame.h - QR_NOTE
    board.text(
        frame.x + frame.w / 2, board.middle(low - 0.6, QR_NOTE, 6.5), NO_WRITING, 6.5, align="centre", colour=SOFT
    )


def _place_heading(board: Board, paper: Paper, form: Form, office: str, estate: str, subtitle: str) -> None:
    left, width = BINDING_MARGIN, heading_width(paper)
    keeper = f"{office}　{estate}" if estate else office
    board.text(left + 1.0, 21.2, keeper, shrunk(board, keeper, 9.5, width - 2.0), colour=SOFT)
    size = shrunk(board, form.zh, TITLE_SIZE, width, serif=True)
    board.text(left, 32.2, form.zh, size, face="serif", bold=0.55)
    beside = subtitle or form.en
    board.text(left + 0.4, 38.0, beside, shrunk(board, beside, 8.0, width), colour=SOFT)
    board.line(left, 41.0, left + width, 41.0, 1.4, INK)
    board.line(left, 41.9, left + width, 41.9, 0.35, INK)


def _place_foot(board: Board, paper: Paper, form: Form) -> None:
    left = BINDING_MARGIN + 0.5
    y = paper.height - _FOOT_FROM_BELOW
    source = source_line(form)
    room = paper.width / 2 - left - 25.0
    size = max(6.0, shrunk(board, source, 7.5, room))
    lines = wrap(board.typeface, source, room, size)
    for number, line in enumerate(lines):
        offset = (number - (len(lines) - 1) / 2) * line_height(size)
        board.text(left, board.middle(y - 2.5 + offset, 5, size), line, size, colour=SOFT)
    notices = [NO_TEAR] * (form.no_tear or form.page_code or form.mode == "book") + [NO_ALTER] * form.no_alter
    _place_notices(board, paper, notices, y)
    if form.no_alter:
        middle = board.middle(y + 2.4, 4.4, 7)
        board.text(paper.width / 2 + 6.0, middle, CORRECTION, 7, align="centre", colour=SOFT)


def source_line(form: Form) -> str:
    """Which form and version it is, and the clauses that ask for it (an office's own form may name none)."""
    basis = f"　依据 {clauses_in_short(form.clauses)}" if form.clauses else ""
    return f"{form.code} 第{form.version}版{basis}"


def clauses_in_short(clauses: Sequence[str]) -> str:
    """The handbook's clauses, each procedure named once: ``HF 4.2、4.7　TS 4.6``."""
    numbers: dict[str, list[str]] = {}
    for clause in clauses:
        procedure, _, number = clause.partition(" ")
        numbers.setdefault(procedure, []).append(number)
    return "　".join(f"{procedure} {'、'.join(own)}" for procedure, own in numbers.items())


def _place_notices(board: Board, paper: Paper, notices: list[str], y: float) -> None:
    wide, gap = 25.0, 3.0
    x = paper.width / 2 + 6.0 - (len(notices) * (wide + gap) - gap) / 2
    for notice in notices:
        board.panel(x, y - 2.4, wide, 4.8, stroke=0.7, colour=INK)
        board.text(x + wide / 2, board.middle(y - 2.4, 4.8, 8.5), notice, 8.5, align="centre")
        x += wide + gap


def place_binding_line(board: Board, paper: Paper) -> None:
    """Where the book is bound: a dashed line with 装 订 线 along it."""
    x, top, low = 11.0, 14.0, paper.height - 14.0
    board.items.append(Line(x, top, x, low, 0.5, LINE, (3.0, 2.5)))
    step = (low - top) / 4
    for number, letter in enumerate("装订线", start=1):
        y = top + number * step
        board.panel(x - 2.4, y - 3.0, 4.8, 6.0, fill=(1.0, 1.0, 1.0))
        board.text(x, board.middle(y - 3.0, 6.0, 8.0), letter, 8.0, align="centre", colour=SOFT)


def shrunk(board: Board, text: str, size: float, width: float, *, serif: bool = False) -> float:
    """The size at which a heading fits its width in one line."""
    wide = board.typeface.width(text, size, "serif" if serif else "sans")
    return size if wide <= width else size * width / wide
