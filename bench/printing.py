"""Pages printed a second: a 20 x 8 register page with header and its own code, against fpdf2, typst and WeasyPrint."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import fpdf
import pylopdf_fonts_zh_cn
import segno
import typst

from bench.report import Section, median_seconds
from forms import pdf
from forms.catalogue import Column, Form
from forms.layout import Laid, lay_out
from forms.marks import PageMark
from forms.numbering import compose

try:
    import weasyprint
except OSError:  # it finds Pango among the system's libraries, or it does not
    weasyprint = None

PAGES = 100
ROWS, COLUMNS = 20, 8
SECRET = b"s" * 32
HEADINGS = ["序号", "日期", "单元房号", "业主姓名", "联系电话", "事项内容", "处理结果", "经办人"]
CELL = "3-2-1201"


def _values(cell: str = CELL) -> dict[str, object]:
    return {"rows": [{f"c{i}": cell for i in range(COLUMNS)}] * ROWS}


def _form() -> Form:
    columns = [Column(key=f"c{i}", zh=heading, en=heading, kind="text", weight=1) for i, heading in enumerate(HEADINGS)]
    return Form(
        code="HF-99", zh="往来登记表", en="Register", clauses=("HF 4.2",), mode="book", version=1, rows=ROWS,
        columns=tuple(columns), retention=("CALLBACK",), procedure="HF",
    )  # fmt: skip


def _serials() -> list[str]:
    return [compose("HF-99", 2026, number) for number in range(1, PAGES + 1)]


def _content(serial: str, page: int) -> str:
    return PageMark(serial, page, PAGES, 1, 1).text(SECRET)


def ours(laid: Laid) -> bytes:
    """A hundred pages by forms.pdf: form object for what repeats, code as one path, neighbours, fore-edge mark."""
    out = io.BytesIO()
    identities = pdf.book_identities(laid, _serials(), "HF-99-2026-C001", SECRET)
    pdf.draw(laid, identities, out, title="往来登记表")
    return out.getvalue()


def ours_each_its_own() -> bytes:
    """A hundred pages that share nothing: every page is laid out from values of its own, then drawn."""
    form = _form().model_copy(update={"mode": "sheet"})
    runs = (
        (laid, pdf.sheet_identities(laid, serial, SECRET))
        for serial in _serials()
        for laid in [lay_out(form, _values(f"3-2-{serial[13:17]}"), office="东光物业客服中心")]
    )
    out = io.BytesIO()
    pdf.draw_runs(runs, out, title="往来登记表")
    return out.getvalue()


def with_fpdf2() -> bytes:
    """The same page drawn cell by cell with fpdf2; the code drawn as its modules."""
    document = fpdf.FPDF(unit="mm", format="A4")
    document.add_font("sans", fname=str(pylopdf_fonts_zh_cn.sans_path()))
    document.set_auto_page_break(False)
    for page, serial in enumerate(_serials(), start=1):
        document.add_page()
        _fpdf2_page(document, serial, page)
    return bytes(document.output())


def _fpdf2_page(document: fpdf.FPDF, serial: str, page: int) -> None:
    document.set_font("sans", size=16)
    document.text(25, 30, "往来登记表")
    document.set_font("sans", size=9)
    document.text(25, 40, f"{serial}  第 {page} 页 共 {PAGES} 页")
    for row, bits in enumerate(segno.make(_content(serial, page), error="q", micro=False).matrix):
        for column, bit in enumerate(bits):
            if bit:
                document.rect(156 + column * 0.6, 20 + row * 0.6, 0.6, 0.6, style="F")
    for row in range(ROWS + 1):
        for column in range(COLUMNS):
            document.set_xy(25 + column * 21, 55 + row * 10)
            document.cell(21, 10, HEADINGS[column] if row == 0 else CELL, border=1)


def with_weasyprint() -> bytes:
    """The same page as HTML, a table with a row per line; the codes inline as SVG."""
    font = Path(pylopdf_fonts_zh_cn.sans_path()).as_uri()
    style = (
        f"@font-face {{ font-family: sans; src: url({font}) }} @page {{ size: A4; margin: 20mm }}"
        "body { font: 9pt sans } section { break-after: page } svg { float: right; width: 26mm; height: 26mm }"
        "table { width: 100%; border-collapse: collapse; clear: both } td { border: 0.4pt solid; height: 9mm }"
    )
    rows = "".join(
        f"<tr>{''.join(f'<td>{text}</td>' for text in line)}</tr>" for line in [HEADINGS, *[[CELL] * COLUMNS] * ROWS]
    )
    pages = "".join(
        f"<section>{segno.make(_content(serial, page), error='q', micro=False).svg_inline(border=0, omitsize=True)}"
        f"<h1>往来登记表</h1>{serial} 第 {page} 页<table>{rows}</table></section>"
        for page, serial in enumerate(_serials(), start=1)
    )
    made = weasyprint.HTML(string=f"<html lang=zh><style>{style}</style><body>{pages}").write_pdf()
    return bytes(made)


def _typst_source() -> str:
    heading = ", ".join(f"[{text}]" for text in HEADINGS)
    body = ", ".join(["[3-2-1201]"] * (ROWS * COLUMNS))
    pages = "\n#pagebreak()\n".join(
        f'#place(top + right, image("{page}.svg", width: 26mm))\n= 往来登记表\n#"{serial}" 第 {page} 页\n'
        f"#v(20mm)\n#table(columns: (1fr,) * {COLUMNS}, rows: 10mm, {heading}, {body})"
        for page, serial in enumerate(_serials(), start=1)
    )
    return f'#set page("a4", margin: 20mm)\n#set text(font: "Noto Sans SC", size: 9pt)\n{pages}'


def with_typst(folder: Path) -> bytes:
    """The same page set by typst; the codes are made beside it as SVG files, which counts."""
    for page, serial in enumerate(_serials(), start=1):
        segno.make(_content(serial, page), error="q", micro=False).save(str(folder / f"{page}.svg"), border=0)
    (folder / "page.typ").write_text(_typst_source())
    fonts = [str(Path(pylopdf_fonts_zh_cn.sans_path()).parent)]
    return bytes(typst.compile(str(folder / "page.typ"), font_paths=fonts))


def measure() -> Section:
    """Four programs, the same hundred pages, one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    laid = lay_out(_form(), _values(), office="东光物业客服中心")
    section = Section("Printing: a 20 x 8 register page with its own code", ["program", "pages a second", "ratio"])
    with tempfile.TemporaryDirectory() as folder:
        rates = {
            "ours (forms.pdf)": PAGES / median_seconds(lambda: ours(laid)),
            "ours, each page with its own values": PAGES / median_seconds(ours_each_its_own),
            "fpdf2": PAGES / median_seconds(with_fpdf2, rounds=1),
            "typst": PAGES / median_seconds(lambda: with_typst(Path(folder)), rounds=1),
        }
        if weasyprint is not None:
            rates["WeasyPrint"] = PAGES / median_seconds(with_weasyprint, rounds=1)
    first = rates["ours (forms.pdf)"]
    section.rows = [[name, f"{rate:.0f}", f"{first / rate:.1f} x"] for name, rate in rates.items()]
    section.notes.append(f"{PAGES} pages in one file, one core, embedded Chinese font, median after a warm-up.")
    section.notes.append("Ratio: how many times as many pages a second ours draws.")
    if weasyprint is None:
        section.notes.append("WeasyPrint was not measured: this machine has no Pango.")
    section.notes.append("Own values: a mail merge, in which every page is laid out afresh and nothing is shared.")
    return section
