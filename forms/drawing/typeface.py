"""The embedded Chinese typefaces: which characters they have, how wide they are, and their outlines for embedding.

Noto Sans SC (boxes, labels, entered text) and Noto Serif SC (titles), SIL Open Font License. Both ship with cubic
outlines, which PDF forms are seldom given; each glyph is turned into TrueType curves when first used (0.5 ms) and kept.
"""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import pylopdf_fonts_zh_cn
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from records.errors import OfficeError

FaceName = Literal["sans", "serif"]
FACES: tuple[FaceName, ...] = ("sans", "serif")

MM_PER_POINT = 25.4 / 72


class MissingGlyph(OfficeError):
    """The typeface lacks a character: the page is not printed, for a blank in a name would go unseen."""

    code = "print.missing_glyph"
    zh = "字体中没有这个字:「{character}」({codepoint}),无法打印「{text}」。请改用其他写法。"
    en = "The typeface lacks the character “{character}” ({codepoint}) of “{text}”; write it another way."

    @classmethod
    def naming(cls, character: str, text: str) -> MissingGlyph:
        """The error for one character of a text; unprintable characters are named by their code point alone."""
        shown = character if character.isprintable() else "?"
        excerpt = "".join(one if one.isprintable() else "?" for one in text)
        return cls(character=shown, codepoint=f"U+{ord(character):04X}", text=excerpt[:40])


class Face:
    """One font file: glyph numbers, advances and TrueType outlines. Units: 1000 to the em."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self._font = TTFont(io.BytesIO(file.read_bytes()), lazy=True)
        self._lock = threading.Lock()
        self._outlines: dict[int, bytes] = {}
        self._glyphs = self._font.getGlyphSet()
        number = self._font.getReverseGlyphMap()
        metrics = self._font["hmtx"].metrics
        best = self._font.getBestCmap()
        self.glyph_of: dict[str, int] = {chr(code): number[glyph] for code, glyph in best.items()}
        self.advance_of: dict[str, int] = {chr(code): metrics[glyph][0] for code, glyph in best.items()}
        self.advance_of_glyph = {glyph: self.advance_of[character] for character, glyph in self.glyph_of.items()}
        self._hex_of = {character: f"{glyph:04X}" for character, glyph in self.glyph_of.items()}
        self.postscript_name: str = self._font["name"].getDebugName(6)
        self.ascent: int = self._font["hhea"].ascent
        self.descent: int = self._font["hhea"].descent
        self.cap_height: int = self._font["OS/2"].sCapHeight
        self.bounds: tuple[int, int, int, int] = tuple(
            getattr(self._font["head"], edge) for edge in ("xMin", "yMin", "xMax", "yMax")
        )
        # The outlines have been read out of the file by now; the file and its own character map are 12 MB more.
        self._font.tables.pop("cmap")
        self._font.close()

    def require(self, text: str) -> None:
        """Raise MissingGlyph for the first character that this face cannot draw."""
        for character in text:
            if character not in self.glyph_of:
                raise MissingGlyph.naming(character, text)

    def width(self, text: str, size: float) -> float:
        """Width in mm of the text set in one line at ``size`` points. Raises MissingGlyph."""
        try:
            units = sum(map(self.advance_of.__getitem__, text))
        except KeyError as error:
            raise MissingGlyph.naming(error.args[0], text) from None
        return units * size * MM_PER_POINT / 1000

    def fitting(self, text: str, width: float, size: float) -> int:
        """How many of the first characters go into ``width`` mm at ``size`` points. Raises MissingGlyph."""
        units = 0
        for count, character in enumerate(text):
            try:
                units += self.advance_of[character]
            except KeyError as error:
                raise MissingGlyph.naming(error.args[0], text) from None
            if units * size * MM_PER_POINT / 1000 > width:
                return count
        return len(text)

    def codes(self, text: str) -> str:
        """The text as glyph numbers, four hex digits each, as a PDF string of a two-byte font. Raises MissingGlyph."""
        try:
            return "".join(map(self._hex_of.__getitem__, text))
        except KeyError as error:
            raise MissingGlyph.naming(error.args[0], text) from None

    def outline(self, glyph: int) -> bytes:
        """A glyph's outline as an entry of a TrueType ``glyf`` table; empty for a space."""
        found = self._outlines.get(glyph)
        if found is None:
            found = self._outlines[glyph] = self._converted(glyph)
        return found

    def _converted(self, glyph: int) -> bytes:
        # The font file is read through one cursor: two threads at once would read each other's bytes.
        with self._lock:
            pen = TTGlyphPen(None)
            self._glyphs[self._font.getGlyphName(glyph)].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
            outline: bytes = pen.glyph().compile(None)
        return outline


class Typeface:
    """The faces that every printed page is set in."""

    def __init__(self, faces: Iterable[Face]) -> None:
        self._faces = {face.name: face for face in faces}

    def face(self, name: FaceName = "sans") -> Face:
        """The face of that name."""
        return self._faces[name]

    def require(self, text: str) -> None:
        """Raise MissingGlyph naming the first character of the text that cannot be printed."""
        for face in self._faces.values():
            face.require(text)

    def width(self, text: str, size: float, face: FaceName = "sans") -> float:
        """Width in mm of one line of text at ``size`` points. Raises MissingGlyph."""
        return self._faces[face].width(text, size)

    def fitting(self, text: str, width: float, size: float, face: FaceName = "sans") -> int:
        """How many of the first characters go into ``width`` mm of one line at ``size`` points. Raises MissingGlyph."""
        return self._faces[face].fitting(text, width, size)


@functools.cache
def load_typeface() -> Typeface:
    """The typeface, opened once per process (0.3 s)."""
    return Typeface((Face("sans", pylopdf_fonts_zh_cn.sans_path()), Face("serif", pylopdf_fonts_zh_cn.serif_path())))
