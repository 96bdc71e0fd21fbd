"""What each printed page says of itself: serial, page k of n, book, neighbours, copy, reprint, fore-edge mark."""

from __future__ import annotations

from dataclasses import dataclass, field

from forms.books import chain
from forms.drawing.typeface import Typeface
from forms.layout.board import Board
from forms.layout.cards import place_card_number
from forms.layout.frame import heading_width
from forms.layout.items import BLACK, INK, SOFT, WHITE, Colour, Item
from forms.marks import PageMark
from forms.paper import BINDING_MARGIN, FIDUCIAL_INSET, FIDUCIAL_SIZE, Paper

REPRINT = "重印"

# One colour per copy 联, as offices know them from carbon sets; they stay apart in grey as well.
COPY_COLOURS: tuple[Colour, ...] = (
    (0.16, 0.20, 0.26),
    (0.72, 0.20, 0.22),
    (0.16, 0.42, 0.66),
    (0.72, 0.53, 0.10),
    (0.22, 0.52, 0.34),
)
# The proof is read by a machine only where the code is spoiled: small, but in full ink.
PROOF_SIZE = 9.0
PROOF_GAP = 4.0
_EDGE_TOP = 58.0
_EDGE_STEP = 3.0
_EDGE_WIDTH = 7.0


@dataclass(frozen=True)
class PageIdentity:
    """A page's identity as it is to be printed.

    ``before`` and ``after`` are the serials of the neighbours in the book, None at its ends; ``book_number`` is None
    outside a book, ``copy_label`` empty where a form has one copy. ``secret`` is the installation's page secret.
    """

    mark: PageMark
    book_number: str | None = None
    copy_label: str = ""
    reprint: bool = False
    secret: bytes = field(default=b"", repr=False)
    before: str | None = None
    after: str | None = None

    @property
    def code(self) -> str:
        """What the page's QR code holds."""
        return self.mark.text(self.secret)

    @property
    def proof(self) -> str:
        """What stands in letters beside the serial, for a code that is spoiled."""
        return self.mark.proof(self.secret)


def place_identity(typeface: Typeface, paper: Paper, identity: PageIdentity) -> list[Item]:
    """The items that differ from page to page; the code itself is drawn from ``identity.code`` at ``paper.qr``."""
    board = Board(typeface)
    if paper.is_card:
        place_card_number(board, identity.mark.serial, identity.proof, REPRINT if identity.reprint else "")
        return board.items
    _place_numbers(board, paper, identity)
    if identity.book_number is not None:
        _place_edge_mark(board, paper, identity.mark)
    if identity.copy_label:
        _place_copy(board, paper, identity)
    return board.items


def _place_numbers(board: Board, paper: Paper, identity: PageIdentity) -> None:
    left, right = BINDING_MARGIN, BINDING_MARGIN + heading_width(paper)
    mark = identity.mark
    wide = board.text(left + 0.4, 48.2, "编号", 8, colour=SOFT)
    wide += 2.2 + board.text(left + wide + 2.2, 48.4, mark.serial, 13.5, bold=0.3)
    wide += PROOF_GAP + board.text(left + wide + PROOF_GAP, 48.2, "核验", 8, colour=SOFT)
    board.text(left + wide + 1.6, 48.4, identity.proof, PROOF_SIZE)
    if identity.reprint:
        board.panel(right - 13.0, 43.6, 13.0, 6.0, stroke=0.9, colour=INK)
        board.text(right - 6.5, board.middle(43.6, 6.0, 10.5), REPRINT, 10.5, align="centre", bold=0.3)
    if identity.book_number is not None:
        _place_chain(board, left, right, identity)
    count = f"第 {mark.page} 页　共 {mark.pages} 页"
    low = paper.height - FIDUCIAL_INSET
    edge = paper.width - FIDUCIAL_INSET - FIDUCIAL_SIZE / 2 - 3.0
    board.text(edge, board.middle(low - 2.5, 5.0, 9), count, 9, align="right")


def _place_chain(board: Board, left: float, right: float, identity: PageIdentity) -> None:
    links = [chain.link(identity.secret, serial) for serial in (identity.before, identity.mark.serial, identity.after)]
    board.text(left + 0.4, 53.4, f"册号 {identity.book_number}", 8)
    board.text(right, 53.4, "前页 {}　本页 {}　后页 {}".format(*links), 8, align="right")


def _place_edge_mark(board: Board, paper: Paper, mark: PageMark) -> None:
    """The collation mark: on the closed book the marks form a slanting line, in which a missing page is a gap."""
    room = paper.height - _EDGE_TOP - 30.0
    steps = max(1, int(room / _EDGE_STEP))
    step = room / min(mark.pages, steps) if mark.pages > 12 else _EDGE_STEP * 2
    place = (mark.page - 1) % steps if mark.pages > steps else mark.page - 1
    board.panel(paper.width - _EDGE_WIDTH, _EDGE_TOP + place * step, _EDGE_WIDTH, min(step, 6.0), fill=BLACK)


def _place_copy(board: Board, paper: Paper, identity: PageIdentity) -> None:
    """A bar at the right edge with the copy's label written downwards."""
    label = identity.copy_label
    x, wide, step = paper.width - 12.0, 6.6, 4.5
    tall = len(label) * step + 6.0
    board.panel(x, _EDGE_TOP, wide, tall, fill=COPY_COLOURS[(identity.mark.copy - 1) % len(COPY_COLOURS)])
    for number, letter in enumerate(_upright(label)):
        y = _EDGE_TOP + 3.0 + number * step
        board.text(x + wide / 2, board.middle(y, step, 10), letter, 10, align="centre", colour=WHITE)


def _upright(label: str) -> str:
    """Brackets as they stand in vertical writing."""
    return label.translate(str.maketrans("()（）", "︵︶︵︶"))
