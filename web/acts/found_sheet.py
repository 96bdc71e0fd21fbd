"""What was found as a worksheet 检索结果, to sort and count at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from search.results import Hit

#: A worksheet takes a million rows; beyond this nobody reads one.
MOST_ROWS = 100_000
HEADINGS = ("日期 Dated", "题名 Title", "表单 Form", "编号 Serial", "单元 Unit", "类别 Series", "摘录 Snippet")
_WIDTHS = (12, 32, 10, 24, 14, 10, 80)


def write(hits: Iterable[Hit], path: Path) -> int:
    """Write one row per hit below the headings; the number of hits. Every text stays text, whatever it begins with."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("检索结果")
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDEFG", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append(HEADINGS)
    count = 0
    for count, hit in enumerate(hits, start=1):  # noqa: B007 - the count is the answer
        snippet = "".join(text for text, _ in hit.snippet)
        texts = (hit.title, hit.form_code, hit.serial, hit.unit, hit.series, snippet)
        sheet.append([hit.dated, *(_text(sheet, text or "") for text in texts)])
    workbook.save(path)
    return count


def _text(sheet: object, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", text))
    # What somebody wrote into a form never becomes a formula on a colleague's machine.
    cell.data_type = "s"
    return cell
