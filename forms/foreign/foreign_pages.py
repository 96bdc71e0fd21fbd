"""The pages of a foreign PDF: how what is seen lies in a page's own coordinates, and adding a stamp to its content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

from forms.drawing import qr
from forms.foreign import blank_space
from forms.foreign.blank_space import Block

POINTS = 72 / 25.4
QUIET = 3.75
WORDS = 6.4


@dataclass(frozen=True)
class Spot:
    """Where a page's code goes: left and top of its block in mm as the page is seen, the code's side.

    ``band``: mm of paper added at the top, 0 where there was room; left and top then count from the new corner.
    """

    x: float
    y: float
    side: float
    band: float = 0.0


def block_for(side: float) -> Block:
    """The block of a code: its quiet zone around it, serial and page below it."""
    return Block(side + 2 * QUIET, side + 2 * QUIET + WORDS, QUIET)


class Frame:
    """A page's box and turn: how what is seen lies in the page's own coordinates."""

    def __init__(self, page: pikepdf.Page) -> None:
        self.page = page
        self.turn = int(page.rotation) % 360 if hasattr(page, "rotation") else int(page.obj.get("/Rotate", 0)) % 360
        self.unit = float(page.obj.get("/UserUnit", 1)) or 1.0
        media, crop = _box(page.mediabox), _box(page.cropbox)
        cut = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
        self.box = cut if cut[0] < cut[2] and cut[1] < cut[3] else media

    @property
    def height(self) -> float:
        """The height as seen, in the page's own units."""
        x0, y0, x1, y1 = self.box
        return x1 - x0 if self.turn in (90, 270) else y1 - y0

    def matrix(self) -> tuple[float, float, float, float, float, float]:
        """From what is seen (origin at the bottom left, the page's own units) to the page's coordinates."""
        x0, y0, x1, y1 = self.box
        return {
            90: (0.0, 1.0, -1.0, 0.0, x1, y0),
            180: (-1.0, 0.0, 0.0, -1.0, x1, y1),
            270: (0.0, -1.0, 1.0, 0.0, x0, y1),
        }.get(self.turn, (1.0, 0.0, 0.0, 1.0, x0, y0))

    def add_band(self, band: float) -> None:
        """Make the page taller by ``band`` of its units at the top as it is seen; what was cropped stays hidden."""
        x0, y0, x1, y1 = self.box
        clip = f"q {x0:.4f} {y0:.4f} {x1 - x0:.4f} {y1 - y0:.4f} re W n"
        self.page.contents_add(clip.encode(), prepend=True)
        self.page.contents_add(b"Q")
        grown = {90: (x0 - band, y0, x1, y1), 180: (x0, y0 - band, x1, y1), 270: (x0, y0, x1 + band, y1)}
        self.box = grown.get(self.turn, (x0, y0, x1, y1 + band))
        for key in ("/MediaBox", "/CropBox", "/TrimBox", "/BleedBox", "/ArtBox"):
            if key in ("/MediaBox", "/CropBox") or key in self.page.obj:
                self.page.obj[key] = pikepdf.Array([round(side, 4) for side in self.box])

    def fields(self, scale: float) -> Iterator[blank_space.Box]:
        """Annotations and fields to fill in, as rectangles in px of the picture: they may be empty, and stay free."""
        a, b, c, d, e, f = self.matrix()
        for note in self.page.obj.get("/Annots", []):
            rectangle = note.get("/Rect") if isinstance(note, pikepdf.Dictionary) else None
            if rectangle is None or note.get("/Subtype") == "/Popup":
                continue
            left, low, right, top = _box(rectangle)
            corners = [((x - e) * a + (y - f) * b, (x - e) * c + (y - f) * d) for x, y in ((left, low), (right, top))]
            across, up = sorted(x * scale for x, _ in corners), sorted(y * scale for _, y in corners)
            yield (across[0], self.height * scale - up[1], across[1], self.height * scale - up[0])


def _box(box: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(side) for side in box)
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def put(page: pikepdf.Page, spot: Spot, content: str, label: pikepdf.Object) -> None:
    """Add the stamp to a page's content, whatever state the content before it leaves behind."""
    frame = Frame(page)
    per_mm = POINTS / frame.unit
    depth = _left_open(page)
    if depth:
        page.contents_add(b"Q " * depth)
    if spot.band:
        frame.add_band(spot.band * per_mm)
    page.contents_add(b"q", prepend=True)
    name = _resource(page, label)
    modules, side = qr.path(content)
    block = block_for(spot.side)
    scale = spot.side * per_mm / side
    x, low = spot.x * per_mm, frame.height - (spot.y + block.height) * per_mm
    code_x, code_y = x + QUIET * per_mm, low + (WORDS + QUIET) * per_mm
    turn = " ".join(f"{part:.4f}" for part in frame.matrix())
    drawn = (
        f"Q q {turn} cm q {1 / frame.unit:.5f} 0 0 {1 / frame.unit:.5f} {x:.4f} {low:.4f} cm {name} Do Q "
        f"q 0 0 0 rg {scale:.5f} 0 0 {scale:.5f} {code_x:.4f} {code_y:.4f} cm\n{modules}\nf Q Q"
    )
    page.contents_add(drawn.encode())


def _left_open(page: pikepdf.Page) -> int:
    """How many saved states the page's own content never restores."""
    depth = 0
    try:
        for instruction in pikepdf.parse_content_stream(page, "q Q"):
            opens = str(instruction.operator) == "q"
            depth = depth + 1 if opens else max(0, depth - 1)
    except (pikepdf.PdfError, ValueError, TypeError):
        return 0
    return depth


def _resource(page: pikepdf.Page, label: pikepdf.Object) -> str:
    """Add a form object to a page's resources under a name that is free; shared ones are copied first."""
    own = pikepdf.Dictionary(dict(page.resources.items()))
    named: dict[str, Any] = dict(own.get("/XObject", pikepdf.Dictionary()).items())
    name = next(free for number in range(10_000) if (free := f"/YD{number}") not in named)
    own.XObject = pikepdf.Dictionary({**named, name: label})
    page.obj.Resources = own
    return name
