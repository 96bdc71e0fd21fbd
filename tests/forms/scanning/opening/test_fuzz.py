"""Two thousand damaged files, bombs and traps: each gets a sentence; nothing crashes, hangs or fills the memory."""

from __future__ import annotations

import io
import random
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from forms.marks import PageMark
from forms.scanning.imitation import samples
from forms.scanning.opening import apart
from forms.scanning.opening.masters import REFUSALS, ActiveFile, EncryptedFile, TooLarge
from forms.scanning.receiving import intake, seeing
from records.errors import OfficeError

CASES = 2000
SECONDS_A_PAGE = apart.SECONDS_A_PAGE + 10
GIGABYTE = 2**30


def _page(mode: str = "L") -> Image.Image:
    """A small page with something on it."""
    image = Image.effect_noise((180, 250), 40)
    image.paste(0, (20, 20, 60, 60))
    return image.convert(mode)


def _saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    _page(str(options.pop("mode", "L"))).save(out, kind, **options)
    return out.getvalue()


def _drawn() -> bytes:
    """A page as an office program writes it: type, no picture."""
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(300, 400))
        page.obj.Contents = pikepdf.Stream(pdf, b"0 0 1 rg 20 20 200 100 re f q 1 0 0 1 5 5 cm 30 30 m 90 90 l S Q")
        pdf.save(out, static_id=True)
    return out.getvalue()


def _packed() -> bytes:
    """A PDF whose objects lie compressed in streams, with a picture that is no JPEG."""
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(180, 250))
        picture = pikepdf.Stream(pdf, _page().tobytes())
        picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        picture.Width, picture.Height, picture.BitsPerComponent = 180, 250, 8
        picture.ColorSpace = pikepdf.Name.DeviceGray
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=picture))
        page.obj.Contents = pikepdf.Stream(pdf, b"q 180 0 0 250 0 0 cm /I Do Q")
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True, static_id=True)
    return out.getvalue()


def _whole() -> list[bytes]:
    """What the mutations start from: every kind of file that an office's machines deliver."""
    return [
        samples.scan_pdf([_page("RGB"), _page()]),
        _drawn(),
        _packed(),
        samples.scan_tiff([_page(), _page()]),
        _saved("TIFF", compression="tiff_lzw"),
        _saved("TIFF", mode="RGB", compression="jpeg"),
        _saved("JPEG"),
        _saved("JPEG", mode="RGB", progressive=True),
        _saved("JPEG", mode="CMYK"),
        _saved("PNG"),
        _saved("PNG", mode="RGBA"),
        _saved("PNG", mode="P"),
    ]


def _flipped(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 3, 10, 40))):
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 10, 200, len(data)))]


def _doubled(data: bytearray, chance: random.Random) -> None:
    start, length = chance.randrange(len(data)), chance.choice((4, 60, 900))
    data[start:start] = data[start : start + length]


def _enormous(data: bytearray, chance: random.Random) -> None:
    """A number somewhere in the file becomes one that no file should hold."""
    start = chance.randrange(max(1, len(data) - 4))
    data[start : start + 4] = struct.pack(
        chance.choice((">I", "<I")), chance.choice((0, 1, 2**16, 2**31 - 1, 2**32 - 1))
    )


def _misspelt(data: bytearray, chance: random.Random) -> None:
    """A word of the PDF's language says something else."""
    words = (b"/Length", b"/Width", b"/Height", b"/Kids", b"/Count", b"/Filter", b"endobj", b"/Contents", b"/MediaBox")
    word, other = (
        chance.choice(words),
        chance.choice((*words, b" 99999999 ", b" -1 ", b" 0 R", b"<<", b"]]", b"/Rotate 7")),
    )
    data[:] = data.replace(word, other, chance.choice((1, 2, -1)))


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flipped, _cut, _doubled, _enormous, _misspelt)


def damaged(seed: int, count: int) -> Iterator[bytes]:
    """Files that were whole once, by the seed."""
    whole, chance = _whole(), random.Random(seed)
    for number in range(count):
        data = bytearray(whole[number % len(whole)])
        for _ in range(chance.choice((1, 1, 2, 4))):
            if data:
                chance.choice(MUTATIONS)(data, chance)
        yield bytes(data)


def _peak() -> int:
    """The most memory that the process which opens files has held, in bytes."""
    process = apart._READERS[0]._process
    if process is None:
        return 0
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines() if process.poll() is None else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def _take(database, desk, data: bytes, most: int = 3) -> str:
    """Open a file and look at its first pages as filing does; the outcome in a word. Fails on anything unexpected."""
    begun = time.monotonic()
    try:
        with (
            intake.laid_in(desk, "a.pdf", io.BytesIO(data)) as spool,
            apart.opened(spool, "a.pdf") as far,
            database.reading() as session,
        ):
            pages = min(most, far.page_count)
            seen = [seeing.look(session, desk, far, position) for position in range(1, pages + 1)]
            outcome = "unreadable" if any(page.reason == "unreadable" for page in seen) else "read"
    except OfficeError as error:
        assert error.code in REFUSALS
        assert "a.pdf" in error.sentence("zh")
        assert "a.pdf" in error.sentence("en")
        outcome, pages = error.code, 1
    assert time.monotonic() - begun < 2 * SECONDS_A_PAGE * pages
    assert _peak() < GIGABYTE
    return outcome


@pytest.mark.fuzz
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(4))
def test_every_damaged_file_gets_its_sentence(database, desk, seed):
    outcomes = Counter(_take(database, desk, data) for data in damaged(seed, CASES // 4) if data)
    assert sum(outcomes.values()) >= CASES // 4 - 20
    # The mutations are worth something only while files get through to every stage.
    assert {"read", "unreadable", "scan.broken"} <= set(outcomes)


def _png_bomb() -> bytes:
    """A few kilobytes that say they are a picture of 60,000 by 60,000 px."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


def _pdf(change: Callable[[pikepdf.Pdf], None], pages: int = 1, **saving: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(200, 300))
        change(pdf)
        pdf.save(out, static_id="encryption" not in saving, **saving)
    return out.getvalue()


def _stream_bomb(pdf: pikepdf.Pdf) -> None:
    """What the page draws unpacks to two gigabytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(2048)) + packer.flush()
    stream = pikepdf.Stream(pdf, b"")
    stream.write(packed, filter=pikepdf.Name.FlateDecode)
    pdf.pages[0].obj.Contents = stream


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _named_script(pdf: pikepdf.Pdf) -> None:
    action = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))
    pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=pikepdf.Array(["a", action])))


def _launch(pdf: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
    pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(link)])


def _attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["合同.docx"] = b"PK\x03\x04"


def _deep(pdf: pikepdf.Pdf) -> None:
    """A page that draws a form that draws itself."""
    form = pdf.make_stream(b"/F Do", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9])
    form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
    pdf.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
    pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, b"/F Do")


def _nothing(_pdf: pikepdf.Pdf) -> None:
    """As it is."""


TRAPS: dict[str, tuple[Callable[[], bytes], type[OfficeError] | None]] = {
    "a picture that says it is enormous": (_png_bomb, TooLarge),
    "a page that unpacks to two gigabytes": (lambda: _pdf(_stream_bomb), None),
    "ten thousand pages": (lambda: _pdf(_nothing, 10_000), TooLarge),
    "a password": (lambda: _pdf(_nothing, encryption=pikepdf.Encryption(user="a", owner="b")), EncryptedFile),
    "a script": (lambda: _pdf(_script), ActiveFile),
    "a script by name": (lambda: _pdf(_named_script), ActiveFile),
    "a program to start": (lambda: _pdf(_launch), ActiveFile),
    "an attachment": (lambda: _pdf(_attachment), ActiveFile),
    "a form that draws itself": (lambda: _pdf(_deep), None),
}


@pytest.mark.fuzz
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("trap", TRAPS)
def test_traps_get_a_sentence_and_the_next_file_is_read(database, desk, trap):
    make, refusal = TRAPS[trap]
    outcome = _take(database, desk, make())
    assert outcome == (refusal.code if refusal else outcome)
    if refusal is None:
        assert outcome in ("read", "unreadable")
    assert _take(database, desk, samples.scan_pdf([_page()])) == "read"


def test_a_damaged_code_proves_nothing(desk):
    mark = PageMark("HF-01-2026-000001-A", 1, 1, 1, 1).text(desk.secret)
    chance = random.Random(3)
    for _ in range(300):
        content = bytearray(mark.encode())
        _flipped(content, chance)
        if bytes(content) != mark.encode():
            found = seeing.codes.marks.read(desk.secret, content.decode(errors="replace"))
            assert not isinstance(found, PageMark)
