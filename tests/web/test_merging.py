"""Many forms at once in the browser: for a building, for a table; a mistake is told and uses no number."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pypdfium2
from sqlalchemy import func, select

from forms.tables import Serial
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]


def numbers(office: Office) -> int:
    with office.reading() as session:
        return session.scalar(select(func.count(Serial.id))) or 0


def test_a_building_becomes_one_pdf(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    before = numbers(office)
    assert "批量打印" in visitor.get("/forms/RZ-01").text
    done = visitor.post("/forms/RZ-01/merge", building="3")
    assert done.status_code == 302
    pdf = visitor.get(f"{done.location}/1").data
    with pypdfium2.PdfDocument(pdf) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "王建国" in text
    assert numbers(office) > before


def test_a_table_with_a_mistake_is_told_by_row_and_column_and_prints_nothing(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    before = numbers(office)
    table = "单元房号,办理时间起\n3-2-1201,不是2026日期\n".encode()
    done = visitor.post("/forms/RZ-01/merge", sheet=(io.BytesIO(table), "名单.csv"))
    assert "第 2 行「办理时间起」" in done.text
    assert "请填写楼栋" in visitor.post("/forms/RZ-01/merge", building="").text
    assert numbers(office) == before


def test_an_administrator_merges_nothing(sign_in: SignIn) -> None:
    assert sign_in("admin").post("/forms/RZ-01/merge", building="3").status_code == 403
