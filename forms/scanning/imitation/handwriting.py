"""Writes by hand into the boxes of a printed page, for the demonstration, the tests and the benchmark.

No typeface writes like a hand; these strokes come from the embedded one, each character with a size, slant, height and
pressure of its own, so that a line is never straight and no two characters are alike. The same seed writes the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from forms.layout import Item
from forms.scanning.reading.printed_marks import Option, marks_in

MM_PER_INCH = 25.4
_INKS = ((20, 20, 26), (26, 40, 110), (20, 30, 80))
_SIZE = 5.6
_STEP = 8.0
_SLANT = 7.0


def write(image: Image.Image, box: Mapping[str, Any], text: str, seed: int, dpi: int = 200) -> Image.Image:
    """The page with a text written into a box (x, y, w, h in mm), smaller or on several lines where it must be."""
    random = np.random.default_rng((seed, len(text)))
    page, per_mm = image.convert("RGB"), dpi / MM_PER_INCH
    size, room = min(_SIZE, float(box["h"]) * 0.62), float(box["w"]) - 4.0
    if float(box["h"]) < 2 * _STEP:
        size *= min(1.0, room / max(_long(line, size) for line in text.split("\n")))
    lines = _wrapped(text, room, size)
    step = min(_STEP, (float(box["h"]) - 1.0) / max(1, len(lines)))
    size = min(size, step * 0.8)
    top = float(box["y"]) + (1.5 if len(lines) > 1 else (float(box["h"]) - size * 1.2) / 2)
    ink = _INKS[int(random.integers(len(_INKS)))]
    for number, line in enumerate(lines):
        x, y = float(box["x"]) + 2.0 + random.uniform(0, 1.0), top + number * step
        drift = random.uniform(-0.006, 0.006)
        for character in line:
            wide = _character(page, character, (x, y), size * random.uniform(0.9, 1.08), per_mm, ink, random)
            x, y = x + wide * random.uniform(1.0, 1.1), y + drift * wide + random.uniform(-0.1, 0.1)
    return page


def fill(
    image: Image.Image, items: Sequence[Item], box: Mapping[str, Any], parts: Sequence[str], seed: int, dpi: int = 200
) -> Image.Image:
    """The page with each part written before the next printed word of a box: 2026 年 3 月 15 日."""
    left, page = float(box["x"]), image
    for number, (word, part) in enumerate(zip(marks_in(items, box).words, parts, strict=False)):
        slot = {**box, "x": left - 1.2, "w": word.box[0] - left + 2.6}
        page = write(page, slot, part, seed + number, dpi) if part else page
        left = word.box[2]
    return page


def _long(text: str, size: float) -> float:
    """About how long a text gets, in mm."""
    return max(0.1, sum(size * (1.12 if ord(character) > 0x2E80 else 0.64) for character in text))


def _wrapped(text: str, width: float, size: float) -> list[str]:
    lines: list[str] = []
    for part in text.split("\n"):
        line, used = "", 0.0
        for character in part:
            wide = _long(character, size)
            if line and used + wide > width:
                lines.append(line)
                line, used = "", 0.0
            line, used = line + character, used + wide
        lines.append(line)
    return lines


def _character(
    page: Image.Image,
    character: str,
    place: tuple[float, float],
    size: float,
    per_mm: float,
    ink: tuple[int, int, int],
    random: np.random.Generator,
) -> float:
    """Draw one character with its top left at ``place`` mm; returns its width in mm."""
    font = _font(round(size * per_mm))
    wide = font.getlength(character)
    side = round(2 * size * per_mm)
    stamp = Image.new("L", (side, side), 0)
    press = 1 if random.random() < 0.4 else 0
    ImageDraw.Draw(stamp).text((side / 4, side / 5), character, font=font, fill=255, stroke_width=press)
    turned = stamp.rotate(random.uniform(-_SLANT, _SLANT), resample=Image.Resampling.BICUBIC)
    lean = random.uniform(-0.12, 0.12)
    leaned = turned.transform(turned.size, Image.Transform.AFFINE, (1, lean, -lean * side / 2, 0, 1, 0))
    mask = leaned.filter(ImageFilter.GaussianBlur(0.5)).point(lambda level: min(255, round(level * 1.25)))
    page.paste(ink, (round(place[0] * per_mm - side / 4), round(place[1] * per_mm - side / 5)), mask)
    return float(wide) / per_mm


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.serif_path()), size)


def tick(
    image: Image.Image, items: Sequence[Item], box: Mapping[str, Any], words: Sequence[str], seed: int, dpi: int = 200
) -> Image.Image:
    """The page with the squares ticked in a box that stand before these words."""
    random, page = np.random.default_rng((seed, len(words))), image.convert("RGB")
    for option in marks_in(items, box).options:
        if option.word is not None and option.word.text in words:
            _tick(page, option, random, dpi / MM_PER_INCH)
    return page


def _tick(page: Image.Image, option: Option, random: np.random.Generator, per_mm: float) -> None:
    left, top, right, bottom = option.square
    side = right - left
    points = [(left + 0.15 * side, top + 0.5 * side), (left + 0.45 * side, bottom - 0.12 * side)]
    points.append((right + random.uniform(-0.1, 0.35) * side, top - random.uniform(-0.1, 0.4) * side))
    moved = [((x + random.uniform(-0.2, 0.2)) * per_mm, (y + random.uniform(-0.2, 0.2)) * per_mm) for x, y in points]
    pen = max(2, round(random.uniform(0.35, 0.6) * per_mm))
    ImageDraw.Draw(page).line(moved, fill=_INKS[int(random.integers(len(_INKS)))], width=pen, joint="curve")
