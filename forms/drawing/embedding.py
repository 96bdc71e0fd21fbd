"""Embeds the glyphs a document uses as TrueType composite fonts, with a map back to Unicode for search and copy.

Each face is one two-byte font: glyph numbers as in the font file, outlines of the used ones only. (Splitting into
pieces of 256 characters, as one-byte fonts need, would make hundreds of fonts of a page of Chinese.)
"""

from __future__ import annotations

import struct
import zlib
from array import array

from forms.drawing.pdf_file import PdfFile
from forms.drawing.typeface import Face

UNITS_PER_EM = 1000


class DocumentFont:
    """A face within one PDF document: remembers which characters were set, and is written at the end."""

    def __init__(self, face: Face, file: PdfFile) -> None:
        self.face = face
        self.resource = "F-" + face.name
        self._file = file
        self._used: dict[int, str] = {}
        self._seen: set[str] = set()

    def codes(self, text: str) -> str:
        """The text as hex codes for a text operator. Raises MissingGlyph."""
        codes = self.face.codes(text)
        if not self._seen.issuperset(text):
            self._seen.update(text)
            self._used.update((self.face.glyph_of[character], character) for character in text)
        return codes

    def written(self) -> str:
        """Write the font; returns its entry in the dictionary of fonts, empty when nothing was set in it."""
        if not self._used:
            return ""
        glyphs = sorted(self._used)
        name = f"{_tag(glyphs)}+{self.face.postscript_name}"
        descendant = self._file.put(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/FontDescriptor {self._descriptor(name, glyphs)} 0 R /DW {UNITS_PER_EM} /W [{self._widths(glyphs)}] "
            f"/CIDToGIDMap {self._file.put_stream(_places(glyphs))} 0 R >>"
        )
        font = self._file.put(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {self._file.put_stream(_to_unicode(self._used))} 0 R >>"
        )
        return f"/{self.resource} {font} 0 R"

    def _descriptor(self, name: str, glyphs: list[int]) -> int:
        program = font_program(self.face, glyphs)
        box = " ".join(map(str, self.face.bounds))
        return self._file.put(
            f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
            f"/Ascent {self.face.ascent} /Descent {self.face.descent} /CapHeight {self.face.cap_height} /StemV 80 "
            f"/FontFile2 {self._file.put_stream(program, f'/Length1 {len(program)}')} 0 R >>"
        )

    def _widths(self, glyphs: list[int]) -> str:
        """Widths of the glyphs that are not one em wide: first [width] first [width] …"""
        widths = ((glyph, self.face.advance_of_glyph[glyph]) for glyph in glyphs)
        return " ".join(f"{glyph} [{advance}]" for glyph, advance in widths if advance != UNITS_PER_EM)


def font_program(face: Face, glyphs: list[int]) -> bytes:
    """A TrueType font of the given glyphs alone: numbered from 1 in the order given, 0 is the empty .notdef."""
    outlines = [b"", *(outline + bytes(-len(outline) % 4) for outline in map(face.outline, glyphs))]
    offsets = [0]
    for outline in outlines:
        offsets.append(offsets[-1] + len(outline))
    count = len(outlines)
    box = face.bounds
    advances = [UNITS_PER_EM, *map(face.advance_of_glyph.__getitem__, glyphs)]
    metrics = b"".join(
        struct.pack(">Hh", advance, _left_side(outline)) for advance, outline in zip(advances, outlines, strict=True)
    )
    return _font_file(
        {
            "glyf": b"".join(outlines),
            "head": struct.pack(
                ">IIIIHHQQhhhhHHhhh", 0x10000, 0, 0, 0x5F0F3CF5, 3, UNITS_PER_EM, 0, 0, *box, 0, 8, 2, 1, 0
            ),
            "hhea": struct.pack(
                ">I8h14xH", 0x10000, face.ascent, face.descent, 0, UNITS_PER_EM, box[0], box[0], box[2], 1, count
            ),
            "hmtx": metrics,
            "loca": struct.pack(f">{count + 1}I", *offsets),
            "maxp": struct.pack(">IH13H", 0x10000, count, 2048, 256, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        }
    )


def _left_side(outline: bytes) -> int:
    return int(struct.unpack_from(">h", outline, 2)[0]) if outline else 0


def _font_file(tables: dict[str, bytes]) -> bytes:
    """Tables put together as a font file with its directory and checksums."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    directory = [struct.pack(">IHHHH", 0x10000, count, power * 16, power.bit_length() - 1, (count - power) * 16)]
    body: list[bytes] = []
    offset = 12 + 16 * count
    for tag, data in sorted(tables.items()):
        padded = data + bytes(-len(data) % 4)
        directory.append(struct.pack(">4sIII", tag.encode(), _checksum(padded), offset, len(data)))
        body.append(padded)
        offset += len(padded)
    return b"".join(directory + body)


def _checksum(padded: bytes) -> int:
    words = array("I", padded)
    words.byteswap()
    return sum(words) & 0xFFFFFFFF


def _places(glyphs: list[int]) -> bytes:
    """CIDToGIDMap: for every glyph number of the font file, its number in the embedded subset."""
    places = array("H", bytes(2 * (glyphs[-1] + 1)))
    for place, glyph in enumerate(glyphs, start=1):
        places[glyph] = place
    places.byteswap()
    return places.tobytes()


def _to_unicode(used: dict[int, str]) -> bytes:
    entries = [f"<{glyph:04X}> <{letter.encode('utf-16-be').hex().upper()}>" for glyph, letter in sorted(used.items())]
    blocks = [entries[start : start + 100] for start in range(0, len(entries), 100)]
    mapped = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return f"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{mapped}
endcmap
CMapName currentdict /CMap defineresource pop
end
end""".encode()


def _tag(glyphs: list[int]) -> str:
    """Six letters that name this subset, the same for the same glyphs."""
    number = zlib.crc32(array("H", glyphs).tobytes())
    return "".join(chr(65 + number // 26**place % 26) for place in range(6))
