"""Files as written: sound, archivable in structure, the same every time, and on their way while still being drawn."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pikepdf
import pytest

from forms import pdf
from forms.catalogue import load_catalogue
from forms.drawing import pdf_file
from forms.drawing.pdf_file import PdfFile
from forms.layout import Laid, PageIdentity, lay_out

CATALOGUE = load_catalogue()
SECRET = b"the secret of this office"


class Pipe(io.RawIOBase):
    """Somewhere that bytes go and cannot be called back from."""

    def __init__(self) -> None:
        self.taken = 0

    def write(self, data: Any) -> int:
        self.taken += len(data)
        return len(data)

    def seekable(self) -> bool:
        return False


def lay(code: str) -> Laid:
    return lay_out(CATALOGUE.form(code), {"owner": "张三"}, office="东光物业客服中心")


def drawn(code: str, title: str = "业主 <验房> & 表") -> bytes:
    out, laid = io.BytesIO(), lay(code)
    pdf.draw(laid, pdf.sheet_identities(laid, f"{code}-2026-000123-X", SECRET), out, title=title, author="东光物业")
    return out.getvalue()


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


@pytest.mark.parametrize("pages", [1, 64, 65, 300])
def test_a_file_of_any_length_is_sound(pages: int) -> None:
    out = io.BytesIO()
    file = PdfFile(out, "目录")
    for number in range(pages):
        file.put_page(595.28, 841.89, f"{number} 0 m 9 9 l S".encode(), "")
    file.finish()
    document = opened(out.getvalue())
    assert document.check_pdf_syntax() == []
    assert [page.Contents.read_bytes().split()[0] for page in document.pages] == [b"%d" % n for n in range(pages)]


def test_the_metadata_are_those_of_an_archive_file_and_say_the_same_twice() -> None:
    document = opened(drawn("RZ-08"))
    assert document.check_pdf_syntax() == []
    with document.open_metadata(update_docinfo=False, set_pikepdf_as_editor=False) as xmp:
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "B")
        assert xmp["dc:title"] == str(document.docinfo["/Title"]) == "业主 <验房> & 表"
        assert xmp["dc:creator"] == ["东光物业"] == [str(document.docinfo["/Author"])]
        assert xmp["pdf:Producer"] == str(document.docinfo["/Producer"])
        assert xmp["xmp:CreatorTool"] == str(document.docinfo["/Creator"])
    assert "/Filter" not in document.Root.Metadata
    assert str(document.Root.Lang) == "zh-CN"
    assert document.trailer.ID[0] == document.trailer.ID[1]


def test_the_meaning_of_colours_is_in_the_file() -> None:
    document = opened(drawn("RZ-08"))
    (intent,) = document.Root.OutputIntents
    profile = intent.DestOutputProfile.read_bytes()
    assert (intent.S, intent.DestOutputProfile.N) == ("/GTS_PDFA1", 3)
    assert profile[36:40] == b"acsp" and profile[16:20] == b"RGB "
    assert profile == pdf_file.srgb.__wrapped__()


def test_nothing_is_transparent_hidden_or_left_outside_the_file() -> None:
    forbidden = {
        "/SMask",
        "/Group",
        "/BM",
        "/ca",
        "/CA",
        "/JS",
        "/AA",
        "/OpenAction",
        "/EmbeddedFiles",
        "/OCProperties",
    }
    fonts = 0
    document = opened(drawn("RZ-07"))
    for thing in document.objects:
        if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            assert not forbidden & set(thing.keys())
            fonts += thing.get("/Type") == "/FontDescriptor"
            assert thing.get("/Type") != "/FontDescriptor" or "/FontFile2" in thing
    assert fonts == 2


def test_the_same_values_make_the_same_bytes_and_other_values_another_name() -> None:
    assert drawn("RZ-08") == drawn("RZ-08")
    assert opened(drawn("RZ-08")).trailer.ID[0] != opened(drawn("RZ-09")).trailer.ID[0]


def test_pages_leave_as_they_are_drawn() -> None:
    laid, out = lay("RZ-08"), Pipe()
    taken: list[int] = []

    def pages() -> Iterator[PageIdentity]:
        for identity in pdf.sheet_identities(laid, "RZ-08-2026-000123-X", SECRET) * 50:
            taken.append(out.taken)
            yield identity

    pdf.draw(laid, pages(), out, title="t")
    steps = [after - before for before, after in pairwise(taken)]
    assert len(taken) == 100
    assert min(steps) > 800
