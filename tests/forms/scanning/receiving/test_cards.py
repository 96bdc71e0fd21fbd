"""Small cards come back one by one; several in one picture are filed nowhere until a person has looked."""

from __future__ import annotations

import pytest
from PIL import Image
from sqlalchemy import select

from forms.layout.cards import card_places
from forms.paper import CARD
from forms.printing import issuing
from forms.scanning.imitation import samples
from forms.tables import Layout, Serial
from records.tables import Document

PER_MM = 200 / 25.4


@pytest.fixture
def cards(database, actors, make_unit, shop):
    """Four workers' passes of one unit: their serials, the printed sheet, the boxes of a card."""
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        form = shop.catalogue.form("ZX-07")
        printed = issuing.print_sheets(session, shop, actors.staff, form, unit=unit, values={"name": "张小明"}, count=4)
        (sheet,) = samples.rasterise(printed.data)
        boxes = session.scalars(select(Layout)).one().boxes
        return printed.serials, sheet, boxes, dossier.number


def cut(sheet: Image.Image, place: int) -> Image.Image:
    """One card, as cut along the marks."""
    x, y = card_places()[place]
    edges = (x, y, x + CARD.width, y + CARD.height)
    return sheet.crop(tuple(round(edge * PER_MM) for edge in edges))


def on_glass(*cards: Image.Image) -> Image.Image:
    """Cards laid somewhere on a flatbed of A4."""
    glass = Image.new("RGB", (1654, 2339), "white")
    for number, card in enumerate(cards):
        glass.paste(card.rotate(2, expand=True, fillcolor="white"), (60 + 760 * number, 700))
    return glass


@pytest.mark.parametrize("level", ["clean", "medium", "bad"])
def test_a_card_scanned_alone_is_filed_and_its_stamp_is_seen(database, actors, cards, scan_in, level: str) -> None:
    serials, sheet, boxes, dossier = cards
    stamped = samples.sign(cut(sheet, 2), boxes, ["office"], 3)
    fates = scan_in(
        database,
        actors.staff,
        [samples.degrade(stamped, level, 5), samples.degrade(on_glass(cut(sheet, 3)), level, 6)],
    )
    assert [(fate.state, fate.serial) for fate in fates] == [("filed", serials[2]), ("filed", serials[3])]
    assert {fate.dossier_number for fate in fates} == {dossier}
    told = [fate.signatures["office"]["signed"] for fate in fates]
    assert told == [True, False] if level != "bad" else (told[0] is not False and told[1] is not True)


@pytest.mark.parametrize("level", ["clean", "medium", "bad"])
def test_cards_scanned_together_or_uncut_wait_in_the_tray(database, actors, cards, scan_in, level: str) -> None:
    _, sheet, _, _ = cards
    pair = on_glass(cut(sheet, 0), cut(sheet, 1))
    pages = [
        samples.degrade(sheet, level, 1),
        samples.degrade(sheet, level, 2, turn=1),
        samples.degrade(pair, level, 3),
    ]
    fates = scan_in(database, actors.staff, pages)
    assert [fate.state for fate in fates] == ["tray"] * 3
    assert {fate.reason for fate in fates} <= {"several_cards", "two_codes", "no_code"}
    with database.reading() as session:
        assert session.scalars(select(Document)).all() == []
        assert set(session.scalars(select(Serial.state))) == {"issued"}


def test_a_card_printed_alone_may_be_scanned_before_it_is_cut(database, actors, make_unit, shop, scan_in) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        printed = issuing.print_sheets(session, shop, actors.staff, shop.catalogue.form("ZX-07"), unit=unit)
    (fate,) = scan_in(database, actors.staff, [samples.degrade(next(samples.rasterise(printed.data)), "medium", 1)])
    assert (fate.state, fate.serial) == ("filed", printed.serials[0])
