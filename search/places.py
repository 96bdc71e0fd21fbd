"""Where on its pages a document shows what was asked for: the page, the field, and the places on the picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from records.readings import FieldRead, LineRead, PageRead, Place
from search.expressions import Expression
from search.snippets import Readable


@dataclass(frozen=True)
class Found:
    """A field of a page that shows a hit. ``state`` as in ``records.readings.FieldRead``: who says what stands there.

    ``boxes``: left, top, width, height as fractions 0..1 of the upright page; none where no place is known.
    """

    page: int
    field: str
    state: str
    boxes: tuple[Place, ...]


def found_on(pages: Sequence[PageRead], meaning: Expression | None) -> tuple[Found, ...]:
    """Every field of these pages that shows a hit, in the order of the pages and fields."""
    if meaning is None:
        return ()
    return tuple(
        Found(page.position, key, field.state, tuple(dict.fromkeys(_boxes(field, spans))))
        for page in pages
        for key, field in page.fields.items()
        if (spans := _spans(field, meaning))
    )


def _spans(field: FieldRead, meaning: Expression) -> list[tuple[int, int]]:
    return Readable("\n".join(line.text for line in field.lines) or field.text).spans(meaning)


def _boxes(field: FieldRead, spans: Sequence[tuple[int, int]]) -> Iterator[Place]:
    if not field.lines:
        yield from [field.box] if field.box is not None else []
        return
    start = 0
    for line in field.lines:
        end = start + len(line.text)
        for first, last in spans:
            if first < end and last > start:
                yield _part(line, max(0, first - start), min(len(line.text), last - start))
        start = end + 1


def _part(line: LineRead, first: int, last: int) -> Place:
    """The place of some characters of a line, as if each were as wide as its kind: Chinese twice a letter or digit."""
    if "\n" in line.text:
        return line.box
    widths = [2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line.text]
    whole = sum(widths) or 1
    left, top, width, height = line.box
    begin, long = sum(widths[:first]) / whole, sum(widths[first:last]) / whole
    return round(left + begin * width, 4), top, round(long * width, 4), height
