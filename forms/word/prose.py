"""Reads a Word template as running text, so that thousands of notices can be set without an office suite.

Understood are paragraphs and plain tables with the marks of templates/words: what agreements and notices are made of.
The template becomes one Jinja text whose records (a paragraph, a row, a cell) begin with a sign of their own; filled
in, the records are the paragraphs and tables to be set.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph

from forms.catalogue import Form
from forms.layout.board import Align
from forms.layout.pages import Laid
from forms.layout.prose import Block, Grid, GridCell, GridLine, Paragraph, ProseSetter, Style, prose_digest
from forms.word import about_form, shown_values, template_language
from forms.word.templates import WordTemplate
from records.errors import OfficeError

EMU_PER_MM = 36000
_RECORD, _TEXT = "\x1e", "\x1f"
_RICH = frozenset({"drawing", "pict", "object", "txbxContent", "vMerge", "sdt", "footnoteReference", "oMath"})
_WHOLE = re.compile(r"^\s*\{%(?:p|tr)\s+(.*?)%\}\s*$", re.DOTALL)
_ALIGN: dict[Any, Align] = {WD_ALIGN_PARAGRAPH.CENTER: "centre", WD_ALIGN_PARAGRAPH.RIGHT: "right"}


class TooRichToSet(OfficeError):
    """The template holds pictures or the like, which only Word itself sets."""

    code = "merge.too_rich"
    zh = "《{form}》的模板含有图片、文本框或合并的单元格({what}),不能直接排成 PDF;请把 --out 写成文件夹,输出为 .docx。"
    en = "The template of {form_en} holds {what}, which is not set as PDF here; give a folder as --out for .docx files."


class Prose:
    """A template as running text, read once and filled in many times."""

    def __init__(self, form: Form, template: WordTemplate, office: str) -> None:
        """Raises TooRichToSet."""
        self.form, self.template = form, template
        document = Document(io.BytesIO(template.data))
        tags = {str(element.tag).rpartition("}")[2] for element in document.element.body.iter()}
        if found := sorted(tags & _RICH):
            raise TooRichToSet(form=form.zh, form_en=form.en, what=", ".join(found))
        self.styles: list[Style] = []
        self.widths: list[tuple[float, ...]] = []
        source = "".join(self._records(document))
        environment = template_language()
        environment.autoescape = False  # this is no XML: nothing to escape
        self._filled = environment.from_string(source)
        self._fixed = {"office": office, "copy": "", "reprint": "", "qr": "", "form": about_form(form, template)}

    def blocks(self, values: Mapping[str, object]) -> list[Block]:
        """The paragraphs and tables with these values. Raises BadInput for a character that cannot be printed."""
        text = self._filled.render(shown_values(self.form, values) | self._fixed | {"serial": ""})
        return list(self._parsed(text.split(_RECORD)[1:]))

    def _records(self, document: Any) -> Iterator[str]:
        for part in document.iter_inner_content():
            if isinstance(part, WordTable):
                yield from self._table(part)
            else:
                yield self._paragraph(part)

    def _paragraph(self, paragraph: WordParagraph) -> str:
        text = paragraph.text
        if whole := _WHOLE.match(text):
            return f"{{% {whole[1]}%}}"
        self.styles.append(_style(paragraph))
        return f"{_RECORD}P{len(self.styles) - 1}{_TEXT}{_plain(text)}"

    def _table(self, table: WordTable) -> Iterator[str]:
        self.widths.append(tuple(float(column.width or 1) for column in table.columns))
        yield f"{_RECORD}T{len(self.widths) - 1}{_TEXT}"
        for row in table._tbl.tr_lst:
            cells = [(int(cell.grid_span), cell) for cell in row.tc_lst]
            text = "".join(paragraph.text for _, cell in cells for paragraph in _paragraphs(cell, table))
            if whole := _WHOLE.match(text):
                yield f"{{% {whole[1]}%}}"
                continue
            yield f"{_RECORD}R{(row.trHeight_val or 0) // EMU_PER_MM}{_TEXT}"
            for span, cell in cells:
                yield f"{_RECORD}C{span}{_TEXT}"
                yield from (self._paragraph(paragraph) for paragraph in _paragraphs(cell, table))
        yield f"{_RECORD}E0{_TEXT}"

    def _parsed(self, records: list[str]) -> Iterator[Block]:
        grid: Grid | None = None
        for record in records:
            head, _, text = record.partition(_TEXT)
            kind, number = head[0], int(head[1:])
            if kind == "T":
                grid = Grid(self.widths[number])
            elif kind == "E" and grid is not None:
                yield grid
                grid = None
            elif kind == "R" and grid is not None:
                grid.lines.append(GridLine(float(number)))
            elif kind == "C" and grid is not None:
                grid.lines[-1].cells.append(GridCell(number))
            elif kind == "P":
                paragraphs = [Paragraph(part, self.styles[number]) for part in text.split("\a")]
                if grid is None:
                    yield from paragraphs
                else:
                    grid.lines[-1].cells[-1].paragraphs += paragraphs


class TextSetter:
    """Sets a template's text, filled in, as pages of our own."""

    def __init__(self, form: Form, template: WordTemplate, office: str) -> None:
        """Raises TooRichToSet."""
        subtitle = f"{form.en}　本处文本 {template.version(form)}" if template.own else ""
        self._prose = Prose(form, template, office)
        self._setter = ProseSetter(form, office, template.digest, subtitle)

    def lay_out(self, values: Mapping[str, object], estate: str = "") -> Laid:
        """The pages. Raises BadInput, MissingGlyph."""
        return self._setter.lay_out(self._prose.blocks(values), estate)


def set_from(versions: Iterable[WordTemplate], layout_digest: str | None) -> WordTemplate | None:
    """The template whose text was set as pages of our own under this layout, or None where Word broke the pages."""
    return next((one for one in versions if prose_digest(one.digest) == layout_digest), None)


def _plain(text: str) -> str:
    """A paragraph's text with its marks as Jinja writes them: ``{{r x}}`` and ``{%p if %}`` are Word's own."""
    return re.sub(r"\{([{%])(?:p|r|tr|tc)\s", r"{\1 ", text.replace(_RECORD, "").replace(_TEXT, ""))


def _paragraphs(cell: Any, table: WordTable) -> list[WordParagraph]:
    return [WordParagraph(paragraph, table) for paragraph in cell.p_lst]


def _style(paragraph: WordParagraph) -> Style:
    """Size, weight and place of a paragraph: its own, else its style's."""
    style, run = paragraph.style, paragraph.runs[0] if paragraph.runs else None
    size = (run.font.size if run else None) or _inherited(style, lambda one: one.font.size)
    bold = run.bold if run and run.bold is not None else _inherited(style, lambda one: one.font.bold)
    align = paragraph.alignment
    if align is None:
        align = _inherited(style, lambda one: one.paragraph_format.alignment)
    own = paragraph.paragraph_format
    name = style.name if style is not None and style.name else ""
    return Style(
        size=min(size.pt if size else 10.5, 18.0),
        bold=bool(bold),
        align=_ALIGN.get(align, "left"),
        first=max(0.0, (own.first_line_indent or 0) / EMU_PER_MM),
        left=max(0.0, (own.left_indent or 0) / EMU_PER_MM),
        heading=name.startswith("Heading"),
    )


def _inherited(style: Any, of: Any) -> Any:
    while style is not None:
        found = of(style)
        if found is not None:
            return found
        style = style.base_style
    return None
