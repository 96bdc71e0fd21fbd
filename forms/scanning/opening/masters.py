"""Opens the file that a scanner or a phone delivers, and hands out each page's own bytes: PDF, JPEG, PNG, TIFF.

The first bytes decide what a file is, never its name. A page's bytes are kept without loss: a PDF is split into
one-page PDFs, a single image stays as it is, a frame of a TIFF becomes a PNG (or a TIFF where PNG lacks its colours).
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import pikepdf
from PIL import Image, UnidentifiedImageError

from forms.scanning.opening import activity
from records.errors import OfficeError

LARGEST_FILE = 600 * 2**20
MOST_PAGES = 5000
# An open PDF may have copied so many bytes of pictures before it is opened anew.
_MOST_COPIED = 16 * 2**20
# So much of a file tells what it is.
_HEAD = 4096
# An A0 drawing at 300 dpi has 140 million pixels; a decompression bomb has a thousand million.
MOST_PIXELS = 150_000_000
LONGEST_SIDE = 65_535

# Pillow's own limit only warns at first, on stderr. Every header is held against ours before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
# A damaged picture gets a sentence of ours; what Pillow thinks of its tags would only stand beside it.
warnings.filterwarnings("ignore", module=r"PIL\.")

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
_STRANGERS = (
    (b"PK\x03\x04", "压缩包或 Office 文件", "a zip archive or Office file"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文件", "an old Office file"),
    (b"Rar!", "压缩包", "an archive"),
    (b"7z\xbc\xaf", "压缩包", "an archive"),
    (b"GIF8", "GIF 图片", "a GIF picture"),
    (b"BM", "BMP 图片", "a BMP picture"),
    (b"RIFF", "WebP 图片或影音文件", "a WebP picture or a media file"),
    (b"<", "网页或 XML 文件", "a web page or XML file"),
)
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
IMAGE_FAULTS = (AttributeError, OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, UnidentifiedImageError)


class EmptyFile(OfficeError):
    """A file without a byte in it."""

    code = "scan.empty"
    zh = "文件「{name}」是空的,没有收下。请重新扫描。"
    en = "The file “{name}” is empty and was not taken. Please scan again."


class NotAScan(OfficeError):
    """A file of another kind, whatever its name says."""

    code = "scan.not_a_scan"
    zh = "文件「{name}」不是 PDF、JPEG、PNG 或 TIFF,看起来是{kind},没有收下。"
    en = "The file “{name}” is no PDF, JPEG, PNG or TIFF; it looks like {kind_en}. It was not taken."


class BrokenFile(OfficeError):
    """A file that stops in the middle or contradicts itself."""

    code = "scan.broken"
    zh = "文件「{name}」已损坏或不完整({why}),没有收下。请重新扫描或重新导出。"
    en = "The file “{name}” is damaged or incomplete ({why}) and was not taken. Please scan or export it again."


class EncryptedFile(OfficeError):
    """A file that asks for a password."""

    code = "scan.encrypted"
    zh = "文件「{name}」有密码保护,没有收下。请去掉密码后再交。"
    en = "The file “{name}” is protected by a password and was not taken. Remove the password first."


class TooLarge(OfficeError):
    """More than the office's machine should open: bytes, pages or pixels."""

    code = "scan.too_large"
    zh = "文件「{name}」太大({what}),没有收下。请分成几份或降低分辨率。"
    en = "The file “{name}” is too large ({what}) and was not taken. Split it or lower its resolution."


class ActiveFile(OfficeError):
    """A file that does something when it is opened, or carries others: no scanner makes such a thing."""

    code = "scan.active"
    zh = "文件「{name}」内含{what},没有收下。请打印或另存为普通 PDF,附件另外扫描后再交。"
    en = "The file “{name}” contains {what_en} and was not taken. Print it to a plain PDF; scan attachments apart."


class UnreadablePage(OfficeError):
    """One page that cannot be opened; its neighbours are not concerned."""

    code = "scan.unreadable_page"
    zh = "此页无法打开({why})。"
    en = "This page cannot be opened ({why})."


MEDIA_TYPES = frozenset({"application/pdf", "image/jpeg", "image/png", "image/tiff"})
#: The errors with which a file as a whole is refused, by code.
REFUSALS: Mapping[str, type[OfficeError]] = {
    error.code: error for error in (EmptyFile, NotAScan, BrokenFile, EncryptedFile, TooLarge, ActiveFile)
}


@dataclass(frozen=True)
class PageFile:
    """One page's own bytes: a one-page PDF, a JPEG, PNG or TIFF."""

    data: bytes
    media_type: str


class Master:
    """An opened file: how many pages it has, and each page's own bytes, one at a time."""

    #: So many of its bytes lie in memory while it is open.
    held = 0

    def __init__(self, media_type: str, page_count: int) -> None:
        self.media_type = media_type
        self.page_count = page_count

    def page(self, position: int) -> PageFile:
        """The bytes of a page, counted from 1. Raises UnreadablePage."""
        try:
            return self._split(position)
        except (pikepdf.PdfError, *IMAGE_FAULTS, RuntimeError) as error:
            raise UnreadablePage(why=short(error)) from error

    def _split(self, position: int) -> PageFile:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the file."""


class _Single(Master):
    """A file that is one picture."""

    def __init__(self, data: bytes, media_type: str) -> None:
        super().__init__(media_type, 1)
        self._data, self.held = data, len(data)

    def _split(self, _position: int) -> PageFile:
        return PageFile(self._data, self.media_type)


class _Pdf(Master):
    def __init__(self, source: BinaryIO, pdf: pikepdf.Pdf) -> None:
        # Its bytes stay where they are: of hundreds of megabytes only a page is wanted at a time.
        super().__init__("application/pdf", len(pdf.pages))
        self._source, self.pdf, self._copied = source, pdf, 0

    def _split(self, position: int) -> PageFile:
        with pikepdf.Pdf.new() as single:
            single.pages.append(self.pdf.pages[position - 1])
            out = io.BytesIO()
            # The same page always gives the same bytes, so that a page scanned twice is known by its digest.
            single.save(out, static_id=True)
        self._forget_copied(out.tell())
        return PageFile(out.getvalue(), "application/pdf")

    def _forget_copied(self, size: int) -> None:
        """Open the file anew now and then: it keeps every picture that was copied out of it."""
        self._copied += size
        if self._copied > _MOST_COPIED:
            self.pdf.close()
            self.pdf, self._copied = _parsed(self._source), 0

    def close(self) -> None:
        self.pdf.close()
        self._source.close()


class _Tiff(Master):
    def __init__(self, image: Image.Image, page_count: int, held: int) -> None:
        super().__init__("image/tiff", page_count)
        # The decoder of fax and JPEG frames wants the whole file at hand, or reads it anew for each.
        self._image, self.held = image, held

    def _split(self, position: int) -> PageFile:
        self._image.seek(position - 1)
        check_pixels("", self._image.size)
        frame = self._image.copy()
        kind, media_type = ("PNG", "image/png") if frame.mode in _PNG_MODES else ("TIFF", "image/tiff")
        out = io.BytesIO()
        dpi = self._image.info.get("dpi")
        frame.save(out, kind, **({"dpi": dpi} if dpi else {}))
        return PageFile(out.getvalue(), media_type)

    def close(self) -> None:
        self._image.close()


def open_master(data: bytes, name: str = "") -> Master:
    """Open a file as pages. ``name`` is only for the sentence that a refusal says.

    Raises EmptyFile, NotAScan, BrokenFile, EncryptedFile, TooLarge, ActiveFile.
    """
    return open_file(io.BytesIO(data), name)


def open_file(source: BinaryIO, name: str = "") -> Master:
    """``open_master`` of a file that lies open already, and is closed with the master. Raises as it does."""
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    head = source.read(_HEAD)
    if not head:
        raise EmptyFile(name=name)
    if size > LARGEST_FILE:
        raise TooLarge(name=name, what=f"{size // 2**20} MB")
    media_type = _media_type(head, name)
    if media_type == "application/pdf":
        master = _open_pdf(source, size, name)
    else:
        master = _open_image(head + source.read(), name, media_type)
        source.close()
    if master.page_count > MOST_PAGES:
        master.close()
        raise TooLarge(name=name, what=f"{master.page_count} 页 / pages")
    if isinstance(master, _Pdf):
        found = activity.activity(master.pdf)
        if found is not None:
            master.close()
            raise ActiveFile(name=name, what=found.zh, what_en=found.en)
    return master


@contextmanager
def opened(data: bytes, name: str = "") -> Iterator[Master]:
    """``open_master`` for a while."""
    master = open_master(data, name)
    try:
        yield master
    finally:
        master.close()


def _media_type(data: bytes, name: str) -> str:
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    # Some writers put a few bytes before the header; readers accept it within the first kilobyte.
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    for signature, zh, en in _STRANGERS:
        if data.startswith(signature):
            raise NotAScan(name=name, kind=zh, kind_en=en)
    if _is_text(data[:4096]):
        raise NotAScan(name=name, kind="文本文件", kind_en="a text file")
    raise NotAScan(name=name, kind="未知格式", kind_en="something unknown")


def _is_text(head: bytes) -> bool:
    return b"\x00" not in head and not any(byte < 9 for byte in head)


def _open_pdf(source: BinaryIO, size: int, name: str) -> Master:
    source.seek(max(0, size - 2048))
    if b"%%EOF" not in source.read():
        # A repair would silently drop the pages that did not arrive.
        raise BrokenFile(name=name, why="文件末尾缺失 / its end is missing")
    try:
        pdf = _parsed(source)
    except pikepdf.PasswordError:
        raise EncryptedFile(name=name) from None
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise BrokenFile(name=name, why=short(error)) from error
    try:
        found, promised = len(pdf.pages), int(pdf.Root.Pages.get("/Count", -1))
    except (pikepdf.PdfError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        pdf.close()
        raise BrokenFile(name=name, why=short(error)) from error
    if not 0 < found == promised:
        pdf.close()
        raise BrokenFile(name=name, why=f"应有 {promised} 页,找到 {found} 页 / {found} of {promised} pages")
    return _Pdf(source, pdf)


def _parsed(source: BinaryIO) -> pikepdf.Pdf:
    source.seek(0)
    return pikepdf.open(source, suppress_warnings=True, access_mode=pikepdf.AccessMode.stream)


def _open_image(data: bytes, name: str, media_type: str) -> Master:
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "TIFF"])
        check_pixels(name, image.size)
        frames = getattr(image, "n_frames", 1) if media_type == "image/tiff" else 1
        if frames > 1:
            return _Tiff(image, frames, len(data))
        # Decoded once on arrival: half a picture is known while the paper still lies on the scanner.
        image.load()
    except IMAGE_FAULTS as error:
        raise BrokenFile(name=name, why=short(error)) from error
    image.close()
    return _Single(data, media_type)


def check_pixels(name: str, size: tuple[int, int]) -> None:
    """Raise TooLarge for a picture (width, height in pixels) that nobody should decode."""
    width, height = size
    if width * height > MOST_PIXELS or max(size) > LONGEST_SIDE:
        raise TooLarge(name=name, what=f"{width} × {height} 像素 / pixels")


def short(error: Exception) -> str:
    """The first line of what a library complains of."""
    return (str(error) or type(error).__name__).splitlines()[0][:120]
