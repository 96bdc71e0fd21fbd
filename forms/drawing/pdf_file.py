"""Writes a PDF file object by object as it comes, so that a print run of any length takes no memory for its pages.

Of the standard (ISO 32000-1, with the structure of ISO 19005-2) only what printed forms need: indirect objects, packed
streams, a page tree, metadata, an output intent. The same objects make the same bytes; nothing bears a time of day.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from typing import BinaryIO
from xml.sax.saxutils import escape

from PIL import ImageCms

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
LANGUAGE = "zh-CN"
CREATOR = "Yedang 业档"
_PAGES_IN_A_NODE = 64
# Profiles are stamped with the second they were made in; ours are all of the same day.
_PROFILE_DATE = slice(24, 36)
_A_DAY = bytes((0x07, 0xEA, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>{creator}</xmp:CreatorTool>
<pdf:Producer>{creator}</pdf:Producer>
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


class PdfFile:
    """A PDF being written to ``out``, which is only ever appended to."""

    def __init__(self, out: BinaryIO, title: str, author: str = "") -> None:
        self._out = out
        self._at = 0
        self._places: list[int] = []
        self._digest = hashlib.md5(usedforsecurity=False)
        self._title, self._author = title, author or CREATOR
        self._write(HEADER)
        self._root = self.reserve()
        self._nodes: list[tuple[int, int]] = []  # number, pages under it
        self._leaves: list[int] = []
        self._node = 0

    def reserve(self) -> int:
        """A number for an object that is put later, so that others may refer to it now."""
        self._places.append(0)
        return len(self._places)

    def put(self, body: str | bytes, number: int = 0) -> int:
        """Write an object, under its reserved ``number`` where it has one; returns its number."""
        number = number or self.reserve()
        self._places[number - 1] = self._at
        data = body.encode("ascii") if isinstance(body, str) else body
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, data))
        return number

    def put_stream(self, content: bytes, entries: str = "", *, packed: bool = True) -> int:
        """Write a stream with further dictionary ``entries``; ``packed`` with zlib."""
        if packed:
            content, entries = zlib.compress(content), f"/Filter /FlateDecode {entries}"
        head = f"<< {entries} /Length {len(content)} >>\nstream\n".encode("ascii")
        return self.put(head + content + b"\nendstream")

    def put_page(self, width: float, height: float, content: bytes, resources: str) -> None:
        """Write a page of ``width`` by ``height`` points after those before it."""
        if not self._leaves:
            self._node = self.reserve()
        stream = self.put_stream(content)
        page = f"/Parent {self._node} 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] /Resources << {resources} >>"
        self._leaves.append(self.put(f"<< /Type /Page {page} /Contents {stream} 0 R >>"))
        if len(self._leaves) == _PAGES_IN_A_NODE:
            self._end_node()

    def finish(self) -> None:
        """Write the page tree, the metadata and the table of objects. Nothing may be put after that."""
        self._end_node()
        kids = " ".join(f"{number} 0 R" for number, _ in self._nodes)
        self.put(f"<< /Type /Pages /Kids [{kids}] /Count {sum(count for _, count in self._nodes)} >>", self._root)
        catalogue = self.put(
            f"<< /Type /Catalog /Pages {self._root} 0 R /Lang ({LANGUAGE}) /Metadata {self._metadata()} 0 R "
            f"/OutputIntents [{self._output_intent()} 0 R] /ViewerPreferences << /DisplayDocTitle true >> >>"
        )
        info = self.put(
            f"<< /Title {text(self._title)} /Author {text(self._author)} "
            f"/Creator {text(CREATOR)} /Producer {text(CREATOR)} >>"
        )
        self._end(catalogue, info)

    def _end_node(self) -> None:
        if self._leaves:
            kids = " ".join(f"{number} 0 R" for number in self._leaves)
            head = f"/Type /Pages /Parent {self._root} 0 R /Count {len(self._leaves)}"
            self._nodes.append((self.put(f"<< {head} /Kids [{kids}] >>", self._node), len(self._leaves)))
            self._leaves = []

    def _metadata(self) -> int:
        """The metadata as XMP, unpacked, so that tools that know nothing of PDF find it."""
        shown = {"title": self._title, "author": self._author, "language": LANGUAGE, "creator": CREATOR}
        xmp = _XMP.format(**{name: escape(value) for name, value in shown.items()})
        return self.put_stream(xmp.encode(), "/Type /Metadata /Subtype /XML", packed=False)

    def _output_intent(self) -> int:
        """What the colours mean: sRGB, with its profile."""
        profile = self.put_stream(srgb(), "/N 3")
        return self.put(
            "<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) "
            f"/Info (sRGB IEC61966-2.1) /DestOutputProfile {profile} 0 R >>"
        )

    def _end(self, catalogue: int, info: int) -> None:
        start, name = self._at, self._digest.hexdigest()
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(self._places) + 1))
        self._write(b"".join(b"%010d 00000 %b \n" % (place, b"n" if place else b"f") for place in self._places))
        size = f"/Size {len(self._places) + 1} /Root {catalogue} 0 R /Info {info} 0 R /ID [<{name}> <{name}>]"
        self._write(f"trailer\n<< {size} >>\nstartxref\n{start}\n%%EOF\n".encode("ascii"))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._at += len(data)


def text(words: str) -> str:
    """A text string as PDF writes it where it may hold any character."""
    return f"<FEFF{words.encode('utf-16-be').hex().upper()}>"


@functools.cache
def srgb() -> bytes:
    """The sRGB profile, always the same bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_PROFILE_DATE] = _A_DAY
    return bytes(profile)
