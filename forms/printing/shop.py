"""The print shop: what printing needs beside a session, and the files that an act of printing makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from forms.catalogue import Catalogue
from forms.drawing.typeface import Typeface
from forms.tables import Book
from forms.word.templates import WordShelf

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class PrintShop:
    """What printing needs beside a session. ``secret``: from which the tags on pages are made; ``office``: its name.

    ``shelf``: where the Word templates come from.
    """

    catalogue: Catalogue
    typeface: Typeface
    secret: bytes = field(repr=False)
    office: str
    shelf: WordShelf = field(default_factory=WordShelf)


@dataclass(frozen=True)
class PrintedFile:
    """A file to send to the printer or hand out."""

    name: str
    media_type: str
    data: bytes

    @property
    def suffix(self) -> str:
        """``.pdf`` or ``.docx``."""
        return Path(self.name).suffix


@dataclass(frozen=True)
class Printed:
    """What an act of printing made: one PDF, or a Word document for each number and copy 联."""

    files: tuple[PrintedFile, ...]
    serials: tuple[str, ...]
    book: Book | None = None

    @property
    def data(self) -> bytes:
        """The bytes of the first file."""
        return self.files[0].data

    @property
    def media_type(self) -> str:
        """The media type, the same of all files."""
        return self.files[0].media_type

    @property
    def suffix(self) -> str:
        """``.pdf`` or ``.docx``."""
        return self.files[0].suffix

    def paths(self, out: Path) -> list[tuple[Path, bytes]]:
        """Where each file goes when the first is to be ``out``: the others beside it, as ``out-联2.docx``."""
        beside = [out.with_name(f"{out.stem}-{Path(file.name).stem}{out.suffix}") for file in self.files[1:]]
        if len(self.serials) == 1:
            beside = [out.with_name(f"{out.stem}-联{copy}{out.suffix}") for copy in range(2, len(self.files) + 1)]
        return [(path, file.data) for path, file in zip([out, *beside], self.files, strict=True)]
