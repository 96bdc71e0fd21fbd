"""Whatever an office's scanner makes of the paper, the pages are filed: order, sides, resolutions, compressions."""

from __future__ import annotations

import io
import struct

import pikepdf
import pytest
from PIL import Image, ImageChops
from sqlalchemy import select

from forms.printing import issuing
from forms.scanning.imitation import samples
from records.tables import Document

# What a scanner sends does not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

JBIG2_SEGMENT = struct.Struct(">IBBBI")


def _bits(image: Image.Image) -> Image.Image:
    return image.convert("L").point(lambda level: 255 * (level > 140)).convert("1", dither=Image.Dither.NONE)


def _resized(image: Image.Image, dpi: int) -> Image.Image:
    """The page as a scanner of that resolution sees it; the fixtures' pages have 200 dpi."""
    size = (round(image.width * dpi / 200), round(image.height * dpi / 200))
    return image.resize(size, Image.Resampling.BICUBIC)


def _pdf(streams: list[tuple[bytes, tuple[int, int], dict[str, object]]], dpi: int) -> bytes:
    """A PDF of one picture a page: its bytes, size in px, and the keys that say how it is compressed."""
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for data, (across, down), keys in streams:
            width, height = across * 72 / dpi, down * 72 / dpi
            page = pdf.add_blank_page(page_size=(width, height))
            picture = pikepdf.Stream(pdf, data)
            picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
            picture.Width, picture.Height, picture.BitsPerComponent = across, down, 1
            picture.ColorSpace = pikepdf.Name.DeviceGray
            for key, value in keys.items():
                picture[key] = value
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture))
            page.obj.Contents = pikepdf.Stream(pdf, f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do Q".encode())
        pdf.save(out)
    return out.getvalue()


def _ccitt(images: list[Image.Image], dpi: int) -> bytes:
    """As copiers send it: black and white, CCITT group 4, taken out of a TIFF of one strip."""
    streams = []
    for image in map(_bits, images):
        tiff = io.BytesIO()
        image.save(tiff, "TIFF", compression="group4", tiffinfo={278: image.height})
        with Image.open(tiff) as strip:
            [start], [length], how = strip.tag_v2[273], strip.tag_v2[279], strip.tag_v2[262]
        parameters = pikepdf.Dictionary(K=-1, Columns=image.width, Rows=image.height, BlackIs1=how == 1)
        keys = {"/Filter": pikepdf.Name.CCITTFaxDecode, "/DecodeParms": parameters}
        streams.append((tiff.getvalue()[start : start + length], image.size, keys))
    return _pdf(streams, dpi)


def _jbig2(images: list[Image.Image], dpi: int) -> bytes:
    """JBIG2 as a PDF holds it: a page, and one generic region coded as a fax is (MMR, T.88 6.2.6)."""
    streams = []
    for image in map(_bits, images):
        # There a set bit is black.
        tiff = io.BytesIO()
        ImageChops.invert(image).save(tiff, "TIFF", compression="group4", tiffinfo={278: image.height})
        with Image.open(tiff) as strip:
            [start], [length] = strip.tag_v2[273], strip.tag_v2[279]
        region = struct.pack(">IIIIBB", *image.size, 0, 0, 0, 1) + tiff.getvalue()[start : start + length]
        page = struct.pack(">IIIIBH", *image.size, 0, 0, 0, 0)
        data = JBIG2_SEGMENT.pack(0, 48, 0, 1, len(page)) + page
        data += JBIG2_SEGMENT.pack(1, 38, 0, 1, len(region)) + region
        streams.append((data, image.size, {"/Filter": pikepdf.Name.JBIG2Decode}))
    return _pdf(streams, dpi)


def _deflated(images: list[Image.Image], dpi: int) -> bytes:
    out = io.BytesIO()
    first, *rest = images
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="tiff_adobe_deflate", dpi=(dpi, dpi))
    return out.getvalue()


@pytest.fixture
def book(database, actors, make_book):
    """A book of six pages, printed and issued."""
    with database.transaction() as session:
        return make_book(session, actors.supervisor, "HF-01", 6)[1]


def _all_filed(fates, serials):
    assert [(fate.state, fate.reason) for fate in fates] == [("filed", "")] * len(serials)
    assert [fate.serial for fate in fates] == list(serials)


def test_odd_pages_then_the_even_ones_backwards_lie_in_page_order(database, actors, make_unit, make_sheet, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "ZX-10", unit=unit, lines=200)
    pages = list(sheet.images)
    assert len(pages) >= 5
    # One side of the pile, then the pile turned over: the backs come last first, and upside down.
    backs = [samples.degrade(image, "clean", 7, turn=2) for image in pages[1::2][::-1]]
    fates = scan_in(database, actors.staff, [*pages[0::2], *backs])
    assert {(fate.state, fate.reason) for fate in fates} == {("filed", "")}
    numbers = list(range(1, len(pages) + 1))
    assert [fate.page_no for fate in fates] == numbers[0::2] + numbers[1::2][::-1]
    with database.reading() as session:
        document = session.get_one(Document, fates[0].document_id)
        assert [page.position for page in document.pages] == numbers
        assert [page.rotation for page in document.pages] == [180 * ((number + 1) % 2) for number in numbers]


def test_both_sides_with_blank_backs(database, actors, book, scan_in):
    white = Image.new("RGB", book.images[0].size, "white")
    pile = [
        page for number, image in enumerate(book.images) for page in (image, samples.degrade(white, "clean", number))
    ]
    fates = scan_in(database, actors.staff, pile)
    _all_filed(fates[0::2], book.serials)
    assert {(fate.state, fate.reason) for fate in fates[1::2]} == {("blank", "blank_back")}


@pytest.mark.parametrize("dpi", [150, 240, 300, 600])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpeg_in_every_resolution(database, actors, book, scan_in, dpi, mode):
    pages = [_resized(image, dpi).convert(mode) for image in book.images[:2]]
    _all_filed(scan_in(database, actors.staff, samples.scan_pdf(pages, dpi)), book.serials[:2])


@pytest.mark.parametrize("pack", [_ccitt, _jbig2, samples.scan_tiff])
@pytest.mark.parametrize("dpi", [150, 200, 300, 600])
def test_black_and_white_as_copiers_send_it(database, actors, book, scan_in, pack, dpi):
    pages = [_resized(image, dpi) for image in book.images[:3]]
    _all_filed(scan_in(database, actors.staff, pack(pages, dpi)), book.serials[:3])


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_tiff_of_many_pages(database, actors, book, scan_in, mode):
    pages = [_resized(image, 300).convert(mode) for image in book.images]
    _all_filed(scan_in(database, actors.staff, _deflated(pages, 300), "扫描.tiff"), book.serials)


def test_a_single_png_and_a_single_jpeg(database, actors, book, scan_in):
    for number, kind in enumerate(("PNG", "JPEG")):
        out = io.BytesIO()
        book.images[number].save(out, kind, dpi=(200, 200))
        _all_filed(scan_in(database, actors.staff, out.getvalue(), f"a.{kind}"), book.serials[number : number + 1])


def test_a_file_mixed_of_printed_and_scanned_pages(database, actors, make_unit, shop, book, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        digital = issuing.print_sheets(session, shop, actors.staff, shop.catalogue.form("RZ-07"), unit=unit, values={})
    out = io.BytesIO()
    with pikepdf.Pdf.new() as mixed:
        fax, scan = _ccitt(list(book.images[1:2]), 200), samples.scan_pdf(book.images[:1])
        for part in (scan, digital.data, fax):
            with pikepdf.open(io.BytesIO(part)) as pdf:
                mixed.pages.extend(pdf.pages)
        mixed.save(out)
    expected = [book.serials[0], *digital.serials, book.serials[1]]
    _all_filed(scan_in(database, actors.staff, out.getvalue()), expected)


def test_a_drawing_set_of_a3_keeps_its_size(database, actors, make_unit, shop, scan_in, desk):
    """A3 at 300 dpi behind its cover sheet, the cover in A4: each page's bytes keep its paper."""
    with database.transaction() as session:
        unit, _ = make_unit(session)
        form = shop.catalogue.form("ZX-13")
        values = {"expected_pages": 2}
        printed = issuing.print_sheets(session, shop, actors.staff, form, unit=unit, values=values)
    drawings = [Image.new("RGB", (4961, 3508), "white") for _ in range(2)]
    for number, drawing in enumerate(drawings):
        drawing.paste((0, 0, 0), (500, 400, 4000 + 100 * number, 420))
    scanned = samples.scan_pdf(drawings, 300)
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(printed.data)) as pile, pikepdf.open(io.BytesIO(scanned)) as large:
        pile.pages.extend(large.pages)
        pile.save(out)
    fates = scan_in(database, actors.staff, out.getvalue())
    assert [(fate.state, fate.reason) for fate in fates] == [("filed", "")] * 3
    with database.reading() as session:
        document = session.scalars(select(Document)).one()
        sizes = []
        for page in document.pages:
            with pikepdf.open(io.BytesIO(desk.vault.open(page.blob))) as pdf:
                box = pdf.pages[0].mediabox
                sizes.append((round(float(box[2]) / 72 * 25.4), round(float(box[3]) / 72 * 25.4)))
    assert sizes == [(210, 297), (420, 297), (420, 297)]
