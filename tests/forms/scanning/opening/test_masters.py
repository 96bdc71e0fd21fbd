"""What opening promises: pages without loss, a sentence for every bad file, and never more memory than a page needs."""

from __future__ import annotations

import io
import resource
import struct
import zlib

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw

from forms.scanning.imitation import samples
from forms.scanning.opening import masters, rasters
from forms.scanning.opening.masters import BrokenFile, EmptyFile, EncryptedFile, NotAScan, TooLarge
from records.errors import OfficeError


def _page(text: str = "1", mode: str = "RGB") -> Image.Image:
    page = Image.new("RGB", (827, 1169), "white")
    ImageDraw.Draw(page).text((100, 100), text, fill="black", font_size=80)
    return page.convert(mode)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _pdf(pages: int = 1, **options: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(595, 842))
        pdf.save(out, **options)
    return out.getvalue()


def _bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge, in a hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" * 1000)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _bomb_in_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(595, 842))
        image = pikepdf.Stream(pdf, zlib.compress(b"\0" * 1000))
        image.Type, image.Subtype, image.Filter = pikepdf.Name.XObject, pikepdf.Name.Image, pikepdf.Name.FlateDecode
        image.Width, image.Height, image.BitsPerComponent = 30000, 30000, 8
        image.ColorSpace = pikepdf.Name.DeviceGray
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=image))
        page.obj.Contents = pikepdf.Stream(pdf, b"q 595 0 0 842 0 0 cm /A Do Q")
        pdf.save(out)
    return out.getvalue()


SCAN = samples.scan_pdf([_page()] * 3)
BAD_FILES = {
    "empty": (b"", EmptyFile),
    "text": ("回访记录\n".encode() * 50, NotAScan),
    "zip": (b"PK\x03\x04" + bytes(200), NotAScan),
    "noise": (bytes(range(256)) * 4, NotAScan),
    "only the word pdf": (b"%PDF-1.7\n%%EOF", BrokenFile),
    "half a pdf": (SCAN[: len(SCAN) // 2], BrokenFile),
    "pdf without its end": (SCAN[:-1200], BrokenFile),
    "encrypted pdf": (_pdf(encryption=pikepdf.Encryption(owner="a", user="b")), EncryptedFile),
    "half a jpeg": (_saved(_page(), "JPEG")[:9000], BrokenFile),
    "half a png": (_saved(_page(), "PNG")[:3000], BrokenFile),
    "half a tiff": (_saved(_page(), "TIFF")[:3000], BrokenFile),
    "bomb": (_bomb(30_000, 30_000), TooLarge),
    "smaller bomb": (_bomb(13_000, 13_000), TooLarge),
    "too many pages": (_pdf(masters.MOST_PAGES + 1), TooLarge),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_a_sentence_that_names_it(name):
    data, error = BAD_FILES[name]
    with pytest.raises(error) as caught:
        masters.open_master(data, "今天的扫描.pdf")
    assert "今天的扫描.pdf" in caught.value.sentence("zh")
    assert "今天的扫描.pdf" in caught.value.sentence("en")


def test_the_first_bytes_decide_not_the_name():
    with masters.opened(_saved(_page(), "PNG"), "a.pdf") as master:
        assert (master.media_type, master.page_count) == ("image/png", 1)


def test_a_huge_picture_inside_a_pdf_is_never_decoded():
    with masters.opened(_bomb_in_pdf()) as master:
        file = master.page(1)
    with pytest.raises(masters.UnreadablePage, match="30000"):
        rasters.picture(file)
    with pytest.raises(masters.UnreadablePage, match="30000"):
        rasters.page_image(file.data, file.media_type)


def test_a_page_of_absurd_size_is_drawn_small():
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(14_400, 14_400))
        pdf.save(out)
    with masters.opened(out.getvalue()) as master:
        assert rasters.picture(master.page(1)).gray.size <= masters.MOST_PIXELS / 3


def test_a_page_is_split_off_without_loss_and_always_the_same():
    with masters.opened(SCAN) as master, pikepdf.open(io.BytesIO(SCAN)) as original:
        files = [master.page(2), master.page(2)]
        raw = original.pages[1].obj.Resources.XObject.Scan.read_raw_bytes()
    assert files[0] == files[1]
    with pikepdf.open(io.BytesIO(files[0].data)) as single:
        assert single.pages[0].obj.Resources.XObject.Scan.read_raw_bytes() == raw


def test_a_scanned_page_gives_the_scanners_own_pixels():
    jpeg = _saved(_page(), "JPEG", quality=60)
    with masters.opened(samples.scan_pdf([_page()], dpi=100, quality=60)) as master:
        gray = rasters.picture(master.page(1)).gray
    expected = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))
    assert gray.shape == expected.shape
    assert np.abs(gray.astype(int) - expected).mean() < 1


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_pdf_page_looks_the_same_to_the_reader_as_to_people(turn):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.scan_pdf([_page("7")], dpi=100))) as pdf:
        pdf.pages[0].obj.Rotate = turn
        pdf.save(out)
    with masters.opened(out.getvalue()) as master:
        file = master.page(1)
    gray = rasters.picture(file).gray
    shown = np.asarray(rasters.page_image(file.data, file.media_type, 0, 100).convert("L").resize(gray.shape[::-1]))
    assert np.abs(gray.astype(int) - shown).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK"])
def test_each_frame_of_a_tiff_is_kept_without_loss(mode):
    pages = [_page(text, mode) for text in "123"]
    data = _saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], dpi=(200, 200))
    with masters.opened(data) as master:
        assert (master.media_type, master.page_count) == ("image/tiff", 3)
        for number, page in enumerate(pages, start=1):
            with Image.open(io.BytesIO(master.page(number).data)) as kept:
                assert kept.mode == mode
                assert kept.tobytes() == page.tobytes()


def test_a_fax_in_black_and_white_is_read():
    with masters.opened(samples.scan_tiff([_page("1"), _page("2")])) as master:
        assert rasters.picture(master.page(2)).gray.shape == (1169, 827)


def test_a_single_picture_stays_as_it_is():
    data = _saved(_page(), "JPEG")
    with masters.opened(data) as master:
        assert master.page(1).data == data


def test_a_phones_note_which_way_up_is_heeded():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = _saved(_page(), "JPEG", exif=exif)
    with masters.opened(data) as master:
        file = master.page(1)
    assert rasters.picture(file).gray.shape == (827, 1169)
    assert rasters.page_image(file.data, file.media_type, 0, 100).size == (1169, 827)


def test_a_file_of_two_thousand_pages_is_opened_page_by_page():
    data = samples.scan_pdf((Image.new("L", (80, 113), number % 256) for number in range(2000)), dpi=10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = set()
    with masters.opened(data) as master:
        assert master.page_count == 2000
        for number in range(1, 2001):
            file = master.page(number)
            sizes.add(rasters.picture(file).gray.shape)
    assert sizes == {(113, 80)}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(4))
def test_a_file_damaged_anywhere_gets_a_sentence_or_its_pages(seed):
    random = np.random.default_rng(seed)
    whole = [SCAN, _saved(_page(), "JPEG"), _saved(_page(), "PNG"), samples.scan_tiff([_page(), _page()]), _pdf(2)]
    for number in range(40):
        damaged = bytearray(whole[number % len(whole)])
        for place in random.integers(len(damaged), size=int(random.choice([1, 4, 30]))):
            damaged[place] = random.integers(256)
        try:
            with masters.opened(bytes(damaged), "a") as master:
                for position in range(1, master.page_count + 1):
                    rasters.picture(master.page(position))
        except OfficeError as error:
            assert error.sentence("zh")
