"""Reads the number of a page whose code is spoiled as text: the serial printed beside it, and the proof in letters.

Letters are misread where codes are not. So a serial read as text counts for nothing until its check character is
right, and even then it is only a suggestion for the person at the tray; the page is filed by it only when the eight
letters of the tag, read as well, prove it (forms.marks). One wrong letter in either, and a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise

import cv2
import numpy as np

from forms import marks, numbering
from forms.marks import PageMark
from forms.scanning.looking import codes, emptiness, registration
from forms.scanning.looking.codes import Found, Reading
from forms.scanning.looking.registration import Registration
from forms.scanning.opening.rasters import Gray, Points
from forms.scanning.reading.recogniser import Reader, Recogniser

# Where the serial and its proof stand on a sheet and on a card: left, top, right, bottom in mm; the whole line first,
# then each alone and larger.
_LINES = ((23.0, 43.0, 149.0, 50.6), (23.0, 43.4, 92.0, 50.4), (76.0, 44.2, 140.0, 50.2))
_CARD_LINES = ((4.0, 17.3, 86.0, 22.2), (11.0, 17.3, 55.0, 22.2), (50.0, 18.0, 86.0, 22.2))
# The engine looks at lines 48 px high.
_LINE_PX = 48
# Where nothing tells how a page lies, lines are looked for in the upper part of it, turned each way.
_UPPER, _LONG_SIDE, _LINE_SHAPE, _MOST_LINES = 0.28, 1600, 4.0, 8

_LETTER = str.maketrans("0125689", "OIZSGBG")
_DIGIT = str.maketrans("OQDUILTJZSGBA", "0000111125684")
_TAG = str.maketrans("0189", "OIBG")
_TAG_LENGTH = 8
_TAG_SHAPE = re.compile("[A-Z2-7]{8}")
_WORDS = re.compile(r"[^\x00-\x7f]+")
_SEPARATORS = re.compile(r"[^0-9A-Z*|]+")
_SHAPE = re.compile("[A-Z]{2}[0-9]{2}2[0-9]{3}(?:[0-9]{6}|[1-9][0-9]{6,8})")
# A serial without its hyphens has so many characters or up to three more.
_SHORTEST = 15
_LONGEST_HEAD = 9


@dataclass(frozen=True)
class Spelled:
    """What a text says of a page: a serial whose check character is right, and its mark where the tag proves it."""

    serial: str
    mark: PageMark | None


def read(gray: Gray, secret: bytes, reader: Reader | None = None) -> Reading:
    """A page's identity by its codes, or where they are spoiled by what is printed beside them.

    A serial that is not proven is the reading's ``suggested``.
    """
    reading = codes.read(gray, secret)
    if reading.reason != "no_code" or emptiness.is_blank(gray):
        return reading
    suggested = ""
    for texts, corners in _looks(gray, reader or _engine()):
        spelled = understand(texts, secret)
        if spelled is not None and spelled.mark is not None:
            return Reading(Found(spelled.mark, corners))
        suggested = suggested or (spelled.serial if spelled is not None else "")
    return replace(reading, suggested=suggested)


@cache
def _engine() -> Reader:
    """One engine for all pages; it is loaded at the first page that has lost its code."""
    return Recogniser(threads=1)


def _looks(gray: Gray, reader: Reader) -> Iterator[tuple[list[str], Points]]:
    """Texts that may hold the number, with where the code's corners would be (px)."""
    lying = list(registration.by_squares(gray))
    for paper, registered in lying:
        lines = _CARD_LINES if paper.is_card else _LINES
        strips = [_strip(gray, registered, line) for line in lines]
        if _is_written(strips[0]):
            texts = [text for text, _ in reader.strips(strips)]
            yield texts, registered.to_pixels(registration.code_corners(paper))
    if not lying and emptiness.may_be_ours(gray):
        yield from _searched(gray, reader)


def _strip(gray: Gray, registered: Registration, line: tuple[float, float, float, float]) -> Gray:
    """A line of the page upright, 48 px high."""
    left, top, right, bottom = line
    step = (bottom - top) / _LINE_PX
    to_mm = np.array([[step, 0, left], [0, step, top], [0, 0, 1]])
    matrix = np.vstack([registered.matrix, (0, 0, 1)]) @ to_mm
    flags = cv2.INTER_AREA if step * registered.scale > 1 else cv2.INTER_CUBIC
    size = (round((right - left) / step), _LINE_PX)
    patch = cv2.warpAffine(gray, matrix[:2], size, flags=flags | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)


def _is_written(strip: Gray) -> bool:
    """Whether there is anything like a line of type; of the ways a page may lie most show something else there."""
    light, dark = cv2.threshold(strip, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    contrast = float(strip[dark == 0].mean() - strip[dark == 1].mean()) if 0 < dark.mean() < 1 else 0.0
    return 0.02 < float(dark.mean()) < 0.4 and contrast > 40 and light > 0


def _searched(gray: Gray, reader: Reader) -> Iterator[tuple[list[str], Points]]:
    """The lines in the upper part of a page, turned each way; the code's place is then only known to be up there."""
    factor = min(1.0, _LONG_SIDE / max(gray.shape))
    small = np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    for turns in range(4):
        upright = np.rot90(small, turns)
        upper = np.ascontiguousarray(upright[: int(_UPPER * upright.shape[0])])
        texts = []
        for left, top, right, bottom in reader.places(upper)[:_MOST_LINES]:
            if right - left > _LINE_SHAPE * (bottom - top):
                line = upper[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
                texts += [text for text, _ in reader.strips([line])]
        yield texts, _upper_right(gray.shape, turns)


def _upper_right(shape: tuple[int, ...], turns: int) -> Points:
    """Corners of a code that tell how the page lies, and nothing of where: registration finds no squares anyway."""
    square = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]) * 50
    for _ in range(turns):
        square = np.column_stack([-square[:, 1], square[:, 0]])
    return np.asarray(square + np.array((shape[1] / 2, shape[0] / 2)))


def understand(texts: Iterable[str], secret: bytes) -> Spelled | None:
    """What recognised texts say of a page's number, proven or not; None where no serial can be made out."""
    plain = [_plain(text) for text in texts]
    proofs = list(dict.fromkeys(proof for text in plain for proof in _proofs(text)))
    serials = list(dict.fromkeys(serial for text in plain for serial in _serials(text)))
    mended = dict.fromkeys(serial for text in plain for serial in _mended(text))
    for serial in (*serials, *mended):
        mark = _proven(serial, proofs, secret)
        if mark is not None:
            return Spelled(serial, mark)
    return Spelled(serials[0], None) if serials else None


def _plain(text: str) -> str:
    """Capitals and digits; whatever stands between them is dropped, Chinese words are a boundary."""
    upper = unicodedata.normalize("NFKC", text).upper()
    return _SEPARATORS.sub("", _WORDS.sub("|", upper))


def _shaped(text: str) -> Iterator[tuple[str, str]]:
    """Where a serial may stand: its form, year and number with letters and digits where they belong, and what follows.

    As printed if possible: what was misread is only put right where a letter stands for a digit, or the other way.
    """
    for start in range(len(text) - _SHORTEST + 2):
        letters = text[start : start + 2].translate(_LETTER)
        for length in range(_SHORTEST, _SHORTEST + 4):
            digits = text[start + 2 : start + length - 1].translate(_DIGIT)
            if len(digits) == length - 3 and _SHAPE.fullmatch(letters + digits):
                yield letters + digits, text[start + length - 1 : start + length]


def _serials(text: str) -> Iterator[str]:
    """Serials whose check character is right."""
    for body, check in _shaped(text):
        for spelled in dict.fromkeys((check, check.translate(_LETTER), check.translate(_DIGIT))):
            if spelled and numbering.is_valid(body + spelled):
                yield numbering.validate(body + spelled)


def _mended(text: str) -> Iterator[str]:
    """Serials that would be right with another check character, or with one other digit. Only a proof makes them so."""
    for body, check in _shaped(text):
        number = int(body[8:])
        yield numbering.compose(f"{body[:2]}-{body[2:4]}", int(body[4:8]), number)
        for place in range(2, len(body)):
            for digit in "0123456789":
                other = body[:place] + digit + body[place + 1 :] + check
                if check not in ("", "|") and numbering.is_valid(other):
                    yield numbering.validate(other)


Proof = tuple[tuple[int, int, int, int], str]


def _proofs(text: str) -> Iterator[Proof]:
    """What a text may say of page, pages, copy, version and tag: the tag stands last, before a word or the end."""
    for piece in text.split("|"):
        tag = piece[-_TAG_LENGTH:].translate(_TAG)
        head = piece[:-_TAG_LENGTH].translate(_DIGIT)
        if _TAG_SHAPE.fullmatch(tag):
            for length in range(4, min(_LONGEST_HEAD, len(head)) + 1):
                if head[-length:].isdigit():
                    yield from ((numbers, tag) for numbers in _parted(head[-length:]))


def _parted(digits: str) -> Iterator[tuple[int, int, int, int]]:
    """All ways to part digits into page, pages, copy and version: the hyphens between them are easily lost."""
    for cuts in combinations(range(1, len(digits)), 3):
        parts = [digits[start:end] for start, end in pairwise((0, *cuts, len(digits)))]
        page, pages, copy, version = map(int, parts)
        if not any(part.startswith("0") for part in parts) and page <= pages and copy < 10:
            yield page, pages, copy, version


def _proven(serial: str, proofs: Iterable[Proof], secret: bytes) -> PageMark | None:
    for numbers, tag in proofs:
        mark = PageMark(serial, *numbers)
        if isinstance(marks.read(secret, f"{mark.body}:{tag}"), PageMark):
            return mark
    return None
