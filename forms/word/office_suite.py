"""Word documents as PDF, through LibreOffice where it is installed, each page stamped with its own code."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from forms.drawing import qr
from forms.paper import Paper
from records.errors import OfficeError

POINTS = 72 / 25.4
SECONDS = 180

#: Documents (.docx) and what has been made of them (PDF).
Converted = Mapping[bytes, bytes]


class NoOfficeSuite(OfficeError):
    """LibreOffice is not installed."""

    code = "print.no_office_suite"
    zh = "把《{form}》转成 PDF 需要 LibreOffice,本机没有;请安装,或输出为 .docx。"
    en = "{form_en} becomes a PDF only with LibreOffice, which is not installed; install it, or ask for .docx."


class ConversionFailed(OfficeError):
    """LibreOffice did not make a PDF of the document."""

    code = "print.conversion_failed"
    zh = "LibreOffice 未能把文档转成 PDF({why});请输出为 .docx。"
    en = "LibreOffice did not make a PDF of the document ({why}); ask for .docx."


def find() -> str | None:
    """The path of LibreOffice's program, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_pdf(documents: Sequence[bytes]) -> list[bytes]:
    """Each .docx as PDF, all by one start of LibreOffice. Raises ConversionFailed.

    It works in a folder of its own, profile included: two conversions at once do not meet, and nothing stays behind.
    """
    program = find()
    if program is None:
        raise ConversionFailed(why="未安装 / not installed")
    with tempfile.TemporaryDirectory(prefix="yedang-") as name:
        folder = Path(name)
        sources = [folder / f"{number}.docx" for number in range(len(documents))]
        for source, document in zip(sources, documents, strict=True):
            source.write_bytes(document)
        _run([program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore",
              "--convert-to", "pdf", "--outdir", name, *map(str, sources)])  # fmt: skip
        made = [source.with_suffix(".pdf") for source in sources]
        if not all(path.exists() for path in made):
            raise ConversionFailed(why="没有生成文件 / no file made")
        return [path.read_bytes() for path in made]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise ConversionFailed(why=f"超过 {SECONDS} 秒 / more than {SECONDS} s") from None
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConversionFailed(why=type(error).__name__) from error


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has."""
    return len(PdfReader(io.BytesIO(pdf)).pages)


def stamp(pdfs: Sequence[bytes], codes: Sequence[Sequence[str]], title: str) -> bytes:
    """The PDFs as one, with a code on each page at the place where readers look for it (``Paper.qr``).

    ``codes``: what the code of each page of each PDF holds.
    """
    writer = PdfWriter()
    for pdf, contents in zip(pdfs, codes, strict=True):
        for page, content in zip(PdfReader(io.BytesIO(pdf)).pages, contents, strict=True):
            width, height = float(page.mediabox.width), float(page.mediabox.height)
            overlay = PdfReader(_overlay(content, width, height)).pages[0]
            writer.add_page(page).merge_page(overlay)
    writer.add_metadata({"/Title": title})
    writer.compress_identical_objects()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _overlay(content: str, width: float, height: float) -> io.BytesIO:
    """A page of that size in points that holds nothing but the code."""
    modules, side = qr.path(content)
    left, top, size = (length * POINTS for length in Paper(width / POINTS, height / POINTS).qr)
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(width, height), invariant=1)
    scale = size / side
    canvas.addLiteral(f"q 0 0 0 rg {scale:.5f} 0 0 {scale:.5f} {left:.3f} {height - top - size:.3f} cm\n{modules}\nf Q")
    canvas.save()
    made.seek(0)
    return made
