"""Printing: numbers that are never lost, data that is on record printed once entered, kinds of paper never mixed up."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from forms import marks, numbers_check
from forms.drawing.typeface import MissingGlyph
from forms.errors import NotABook
from forms.marks import PageMark
from forms.printing.entering import BadValue, UnknownField
from forms.printing.issuing import print_book, print_sheets
from forms.printing.job import NotAWordForm, PrintedAsBook
from forms.printing.reprinting import reprint
from forms.printing.shop import PrintShop
from forms.tables import Counter, Layout, PrintRun, Serial
from forms.word import office_suite
from records import audit, clock, dossiers, users
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.vault import Vault
from tests.forms.printing.conftest import FORMS, SECRET, marks_of, pages_of, row


def test_a_sheet_bears_its_number_and_every_copy_its_own_code(database: Database, actors: Any, shop: PrintShop) -> None:
    with database.transaction() as session:
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-08"])
        serial = row(session, printed.serials[0])
        assert marks_of(printed.data) == [
            PageMark(serial.text, page, serial.page_count, copy, 1)
            for copy in (1, 2, 3)
            for page in range(1, serial.page_count + 1)
        ]
        assert all(serial.text in text for text in pages_of(printed))
        assert (serial.state, serial.copy_count) == ("issued", 3)


def test_several_sheets_have_numbers_in_a_row_and_one_run(database: Database, actors: Any, shop: PrintShop) -> None:
    with database.transaction() as session:
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-01"], count=3)
        assert len(printed.serials) == 3
        run = session.scalars(select(PrintRun)).one()
        assert (run.first, run.last) == (1, 3)
        assert numbers_check.findings(session) == []
        assert {mark.serial for mark in marks_of(printed.data) if isinstance(mark, PageMark)} == set(printed.serials)


def test_a_units_form_is_filled_from_the_records_and_belongs_to_the_open_dossier(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-01"], unit=unit, values={"works": "换地板"})
        serial = row(session, printed.serials[0])
        assert serial.entered == {"unit": "3-2-1201", "owner": "王建国", "phone": "13800001111", "works": "换地板"}
        assert (serial.unit_id, serial.dossier_id) == (unit.id, dossier.id)
        text = "".join(pages_of(printed))
        assert all(word in text for word in ("王建国", "13800001111", "换地板", "东光花园"))


def test_what_the_clerk_writes_stands_before_what_the_records_say(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        values = {"owner": "王建国(代)", "contractor": "", "date": date(2026, 3, 1)}
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-08"], unit=unit, values=values)
        entered = row(session, printed.serials[0]).entered
        assert (entered["owner"], entered["date"]) == ("王建国(代)", "2026-03-01")


def test_several_owners_are_all_named(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any, vault: Vault
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        people = [dossiers.NewOwner("李四", "1390001"), dossiers.NewOwner("张三", "", "110101199001011234")]
        dossiers.start_ownership(session, vault, actors.archivist, unit, people, date(2024, 1, 1))
        printed = print_sheets(session, shop, actors.staff, FORMS["RZ-07"], unit=unit)
        entered = row(session, printed.serials[0]).entered
        assert (entered["owner"], entered["phone"], entered["id_number"]) == (
            "李四、张三",
            "1390001",
            "110101199001011234",
        )


def test_an_id_number_that_is_another_persons_is_left_for_the_pen(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any, vault: Vault
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        people = [dossiers.NewOwner("李四", "1390001", "110101199001011234")]
        dossiers.start_ownership(session, vault, actors.archivist, unit, people, date(2024, 1, 1))
        printed = print_sheets(session, shop, actors.staff, FORMS["FX-01"], unit=unit)
        entered = row(session, printed.serials[0]).entered
        assert entered["owner"] == "李四"
        assert "id_number" not in entered


def test_a_key_that_the_form_lacks_is_refused_with_those_it_has(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    with database.transaction() as session:
        with pytest.raises(UnknownField) as refused:
            print_sheets(session, shop, actors.staff, FORMS["ZX-01"], values={"onwer": "王建国"})
        for language in ("zh", "en"):
            assert "onwer" in refused.value.sentence(language)
            assert "owner(业主姓名)" in refused.value.sentence(language)
        with pytest.raises(UnknownField, match=r"goods\.colour"):
            print_sheets(session, shop, actors.staff, FORMS["FX-01"], values={"goods": [{"colour": "红"}]})


@pytest.mark.parametrize("value", ["电视一台", [1], {"item": "电视"}])
def test_a_table_takes_rows_only(database: Database, actors: Any, shop: PrintShop, value: object) -> None:
    with database.transaction() as session, pytest.raises(BadValue, match="goods"):
        print_sheets(session, shop, actors.staff, FORMS["FX-01"], values={"goods": value})


def test_a_sheet_that_names_another_unit_than_its_dossiers_is_refused(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        with pytest.raises(BadValue, match="3-2-1202"):
            print_sheets(session, shop, actors.staff, FORMS["ZX-01"], unit=unit, values={"unit": "3-2-1202"})
        print_sheets(session, shop, actors.staff, FORMS["ZX-01"], unit=unit, values={"unit": "3栋2单元1201"})


def test_an_owner_whose_name_cannot_be_drawn_costs_no_number(database: Database, actors: Any, shop: PrintShop) -> None:
    with pytest.raises(MissingGlyph, match="🏠"), database.transaction() as session:
        print_sheets(session, shop, actors.staff, FORMS["ZX-01"], values={"owner": "王🏠"})
    with database.reading() as session:
        assert session.scalars(select(Counter)).all() == []


def test_an_error_while_drawing_gives_the_numbers_back(
    database: Database, actors: Any, shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def jam(*_: object, **__: object) -> None:
        raise MissingGlyph(character="?", codepoint="U+0000", text="?")

    with database.transaction() as session:
        print_sheets(session, shop, actors.staff, FORMS["ZX-01"])
    with monkeypatch.context() as patch, pytest.raises(MissingGlyph), database.transaction() as session:
        patch.setattr("forms.pdf.draw", jam)
        print_sheets(session, shop, actors.staff, FORMS["ZX-01"], count=5)
    with database.transaction() as session:
        assert session.scalars(select(Counter.last)).one() == 1
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-01"])
        assert row(session, printed.serials[0]).number == 2
        assert numbers_check.findings(session) == []


def test_a_layout_is_kept_once_and_says_where_to_look_for_signatures(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    with database.transaction() as session:
        for owner in ("王建国", "李四"):
            print_sheets(session, shop, actors.staff, FORMS["ZX-01"], values={"owner": owner})
        layout = session.scalars(select(Layout)).one()
        assert {s.layout_digest for s in session.scalars(select(Serial))} == {layout.digest}
        assert {box["key"] for box in layout.boxes if box["kind"] == "signature"} == {
            signature.key for signature in FORMS["ZX-01"].signatures
        }


def test_the_same_sheet_is_drawn_to_the_same_bytes(
    database: Database, actors: Any, shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for _ in range(2):
        with pytest.raises(RuntimeError), database.transaction() as session:
            made.append(print_sheets(session, shop, actors.staff, FORMS["ZX-01"], values={"owner": "王建国"}).data)
            raise RuntimeError
    assert made[0] == made[1]


def test_a_cover_sheet_for_foreign_papers_takes_its_own_fields(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        printed = print_sheets(session, shop, actors.staff, FORMS["RZ-12"], unit=unit, values={"source": "建设单位"})
        serial = row(session, printed.serials[0])
        assert serial.dossier_id == dossier.id
        assert {"unit", "owner", "source"} <= set(serial.entered)
        assert "建设单位" in pages_of(printed)[0]


def test_a_book_is_printed_whole_with_the_logs_head_in_its_colophon(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    with database.transaction() as session:
        printed = print_book(session, shop, actors.staff, FORMS["HF-01"], 5)
        assert printed.book is not None
        assert marks_of(printed.data) == [
            PageMark(serial, page, 5, 1, 1) for page, serial in enumerate(printed.serials, start=1)
        ]
        pages = pages_of(printed)
        assert len(pages) == 5 + 3
        assert printed.book.number in pages[0]
        colophon = "".join(pages[-1].split())
        assert printed.book.log_head[:8] in colophon
        assert printed.serials[0] in colophon
        assert printed.serials[-1] in colophon
        assert all(one.layout_digest for one in printed.book.serials)
        assert printed.book.state == "printed"


def test_books_and_sheets_are_not_mixed_up(database: Database, actors: Any, shop: PrintShop) -> None:
    with database.transaction() as session:
        with pytest.raises(PrintedAsBook, match="回访记录表"):
            print_sheets(session, shop, actors.staff, FORMS["HF-01"])
        with pytest.raises(NotABook):
            print_book(session, shop, actors.staff, FORMS["ZX-01"], 5)
        with pytest.raises(NotAWordForm):
            print_sheets(session, shop, actors.staff, FORMS["ZX-01"], word=True)
        with pytest.raises(BadInput):
            print_book(session, shop, actors.staff, FORMS["HF-01"], 0)


def test_an_agreement_is_a_word_document_for_each_copy(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any, tmp_path: Path
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-02"], unit=unit, word=True)
        serial = printed.serials[0]
        assert [file.name for file in printed.files] == [f"{serial}-联{copy}.docx" for copy in (1, 2, 3)]
        for copy, file in enumerate(printed.files, start=1):
            document = docx.Document(io.BytesIO(file.data))
            pictures = [part.blob for part in _header_pictures(document)]
            codes = [code.text for blob in pictures for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(blob)))]
            assert [marks.read(SECRET, code) for code in codes] == [PageMark(serial, 1, 1, copy, 1)]
        assert [path.name for path, _ in printed.paths(tmp_path / "协议.docx")] == [
            "协议.docx",
            "协议-联2.docx",
            "协议-联3.docx",
        ]


def _header_pictures(document: Any) -> list[Any]:
    parts = document.sections[0].header.part.rels.values()
    return [relation.target_part for relation in parts if "image" in relation.reltype]


@pytest.mark.slow
@pytest.mark.skipif(office_suite.find() is None, reason="LibreOffice is not installed")
def test_an_agreement_as_pdf_bears_a_code_of_its_own_on_each_page(sqlite_database: Database, shop: PrintShop) -> None:
    with sqlite_database.transaction() as session:
        clerk = users.find_actor(session, "staff")
        printed = print_sheets(session, shop, clerk, FORMS["ZX-02"])
        serial = row(session, printed.serials[0])
        assert printed.media_type == "application/pdf"
        assert serial.page_count > 1
        assert marks_of(printed.data) == [
            PageMark(serial.text, page, serial.page_count, copy, 1)
            for copy in (1, 2, 3)
            for page in range(1, serial.page_count + 1)
        ]
        again = reprint(session, shop, clerk, serial.text, "打印机缺墨")
        assert marks_of(again.data) == marks_of(printed.data)
        assert "重印" in pages_of(again)[0]


def test_without_libreoffice_an_agreement_as_pdf_is_refused_before_a_number_is_taken(
    database: Database, actors: Any, shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with database.transaction() as session:
        with pytest.raises(office_suite.NoOfficeSuite, match="LibreOffice"):
            print_sheets(session, shop, actors.staff, FORMS["RZ-01"])
        assert session.scalars(select(Counter)).all() == []


def test_an_administrator_prints_nothing(database: Database, actors: Any, shop: PrintShop) -> None:
    with database.transaction() as session:
        for act in (
            lambda: print_sheets(session, shop, actors.admin, FORMS["ZX-01"]),
            lambda: print_book(session, shop, actors.admin, FORMS["HF-01"], 2),
            lambda: reprint(session, shop, actors.admin, "ZX-01-2026-000001-A", "卡纸"),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_printing_leaves_no_personal_word_in_the_log(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        print_sheets(session, shop, actors.staff, FORMS["ZX-01"], unit=unit, values={"works": "敲掉承重墙"})
        log = " ".join(f"{entry.subject} {entry.details}" for entry in audit.entries(session))
        assert not any(word in log for word in ("王建国", "13800001111", "承重墙"))
        assert f"ZX-01-{clock.today().year}-000001" in log


def test_the_page_secret_is_not_shown(shop: PrintShop) -> None:
    assert repr(SECRET) not in repr(shop)
    assert "secret" not in repr(shop)
