"""While LibreOffice works nobody waits for a number, and no number is taken for a document that could not be made."""

from __future__ import annotations

from typing import Any

import pytest

from forms import numbering
from forms.catalogue import load_catalogue
from forms.drawing.typeface import load_typeface
from forms.printing import converting, issuing
from forms.printing.shop import PrintShop
from forms.word import office_suite
from records.database import Database

FORM = "RZ-01"
needs_office_suite = pytest.mark.skipif(office_suite.find() is None, reason="LibreOffice is not installed")


@pytest.fixture
def shop() -> PrintShop:
    """An office that prints."""
    return PrintShop(load_catalogue(), load_typeface(), b"the secret of these tests", "客服中心")


def _broken(*_args: object) -> None:
    raise office_suite.ConversionFailed(why="asked again")


@needs_office_suite
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_converted_ahead_is_printed_without_converting_again(
    database: Database, actors: Any, shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = shop.catalogue.form(FORM)
    with database.reading() as session:
        ahead = converting.convert_ahead(session, shop, actors.staff, form)
        [coming] = numbering.coming(session, form, 1)
    monkeypatch.setattr(office_suite, "_run", _broken)
    with database.transaction() as session:
        printed = issuing.print_sheets(session, shop, actors.staff, form, converted=ahead)
    assert printed.serials == (coming,)
    assert office_suite.page_count(printed.data) >= 1


@needs_office_suite
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_number_that_somebody_else_took_is_not_printed_twice(
    database: Database, actors: Any, shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = shop.catalogue.form(FORM)
    with database.reading() as session:
        ahead = converting.convert_ahead(session, shop, actors.staff, form)
    with database.transaction() as session:
        taken = issuing.print_sheets(session, shop, actors.staff, form, word=True).serials
    monkeypatch.setattr(office_suite, "_run", _broken)
    with pytest.raises(office_suite.ConversionFailed, match="asked again"), database.transaction() as session:
        issuing.print_sheets(session, shop, actors.staff, form, converted=ahead)
    with database.reading() as session:
        assert numbering.coming(session, form, 1) != list(taken)
        assert numbering.parse(numbering.coming(session, form, 1)[0]).number == numbering.parse(taken[0]).number + 1


def test_nothing_is_converted_for_a_form_that_we_draw(database: Database, actors: Any, shop: PrintShop) -> None:
    with database.reading() as session:
        assert converting.convert_ahead(session, shop, actors.staff, shop.catalogue.form("RZ-08")) == {}
