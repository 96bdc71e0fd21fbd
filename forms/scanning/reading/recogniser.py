"""The recognition engine, and text as search and people expect it: whole pages with places, or single lines of writing.

Its models come with the wheel and are loaded at the first page (about 0.4 GB). Finding where lines are takes most of
the time of a page; on a known form the fields' places are known, and single lines are recognised without it.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forms.scanning.opening.rasters import Gray

# Lines in a field are looked for in a picture of this length at most; the engine's own way enlarges a low field to
# 736 px of height, which takes twenty times as long and finds no more.
_LOOKED_AT = 960
_WORST_LINE = 0.5
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK = f"\u3000-\u303f\uff00-\uffef{_HAN}"
_GAP = re.compile(rf"(?<=[{_CJK}])[ \t]+(?=[{_CJK}])")
_FULL_WIDTH = re.compile(r"[\uff01-\uff5e\u3000]")
# Beside a Chinese character a mark is the Chinese one, whichever width the engine took it for.
_MARK = re.compile(rf"(?<=[{_HAN}])[ \t]*[,;:?!][ \t]*|[ \t]*[,;:?!][ \t]*(?=[{_HAN}])")
_BRACKETS = re.compile(rf"(?<=[{_HAN}])[ \t]*\(([^()]*)\)|\(([^()]*[{_HAN}][^()]*)\)")
_CHINESE = str.maketrans(",;:?!", "，；：？！")


@dataclass(frozen=True)
class Line:
    """A piece of text, its box in px (left, top, right, bottom), and how sure it is (0..1)."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float = 1.0


class Reader(Protocol):
    """Anything that reads upright pages and single lines of writing."""

    def page(self, image: Image.Image) -> list[Line]:
        """Every line on a page, in reading order, with its place."""
        ...

    def places(self, picture: Gray) -> list[tuple[int, int, int, int]]:
        """Where lines of writing are in a part of a page: left, top, right, bottom in px, in reading order."""
        ...

    def strips(self, pictures: Sequence[Gray]) -> list[tuple[str, float]]:
        """The text of pictures of one line each, with how sure it is (0..1)."""
        ...


class Recogniser:
    """The engine. ``threads``: how many cores one page may take; classification is off, pages are upright already."""

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads

    @cached_property
    def _engine(self) -> Any:
        # Importing the library takes a second that nobody who reads no page should wait for.
        return importlib.import_module("rapidocr").RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                # One line at a time: in a batch every line is as wide as the widest, which costs more than it saves.
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": self.threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    @cached_property
    def _finder(self) -> Any:
        """A second engine that only finds lines, in pictures of parts of a page."""
        return importlib.import_module("rapidocr").RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Global.use_rec": False,
                "Det.limit_type": "max",
                "Det.limit_side_len": _LOOKED_AT,
                "EngineConfig.onnxruntime.intra_op_num_threads": self.threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def page(self, image: Image.Image) -> list[Line]:
        """Every line on an upright page at about 200 dpi, in reading order."""
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        result = self._engine(pixels)
        texts, boxes, scores = (getattr(result, name, None) for name in ("txts", "boxes", "scores"))
        if texts is None or boxes is None or scores is None:
            return []
        found = [_line(*one) for one in zip(texts, boxes, scores, strict=True)]
        return [part for row in rows(found) for part in row if part.text]

    def places(self, picture: Gray) -> list[tuple[int, int, int, int]]:
        """Where lines of writing are in a part of a page, in reading order."""
        boxes = getattr(self._finder(_colour(picture)), "boxes", None)
        found = [_line("", box, 1.0) for box in boxes] if boxes is not None else []
        return [
            (round(one.left), round(one.top), round(one.right), round(one.bottom)) for row in rows(found) for one in row
        ]

    def strips(self, pictures: Sequence[Gray]) -> list[tuple[str, float]]:
        """The text of pictures of one line each; empty where it is less likely right than wrong."""
        return [self._strip(picture) for picture in pictures]

    def _strip(self, picture: Gray) -> tuple[str, float]:
        result = self._engine(_colour(picture), use_det=False, use_cls=False, use_rec=True)
        # The engine keeps what it was last told to do.
        self._engine.update_params(use_det=True)
        texts, scores = getattr(result, "txts", None), getattr(result, "scores", None)
        if not texts or not scores or scores[0] < _WORST_LINE:
            return "", 0.0
        return clean(texts[0]), round(float(scores[0]), 3)


def _colour(picture: Gray) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)


def _line(text: str, box: NDArray[np.float32], score: float) -> Line:
    (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
    return Line(clean(text), float(left), float(top), float(right), float(bottom), round(float(score), 3))


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """The pieces in reading order: down the page, and from left to right what stands on one line."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom) / 2):
        middle = (line.top + line.bottom) / 2
        if found and middle < found[-1][0].bottom - 0.25 * (found[-1][0].bottom - found[-1][0].top):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda part: part.left) for row in found]


def joined(lines: Sequence[Line]) -> str:
    """The pieces as text: a line for each row, two spaces between what stands apart on it."""
    return "\n".join("  ".join(clean(part.text) for part in row) for row in rows(lines))


def clean(text: str) -> str:
    """Text as people write and search expects it: no spaces between Chinese characters, plain letters and digits.

    Marks are the Chinese ones among Chinese characters and plain ones among letters and digits.

    >>> clean("王 建 国 ＴＥＬ：１３８００００１１１１")
    '王建国 TEL:13800001111'
    >>> clean("漏 水 , 已 修(两处) 。")
    '漏水，已修（两处）。'
    """
    plain = _FULL_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    marked = _MARK.sub(lambda found: found[0].strip().translate(_CHINESE), plain)
    closed = _BRACKETS.sub(lambda found: f"（{(found[1] or found[2] or '').strip()}）", marked)
    return _GAP.sub("", closed).strip()
