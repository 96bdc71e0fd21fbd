"""Cards: small, clear at their edges, four to a sheet, and honest about what does not fit them."""

from __future__ import annotations

from itertools import combinations

import pytest

from forms.catalogue import Field, Form
from forms.drawing.typeface import load_typeface
from forms.layout import (
    Panel,
    Text,
    cards,
    place_identity,
)
from tests.forms.layout.test_layout import CATALOGUE, PRINTED, extent, identity, kept_clear, lay, overlap

CARDS = [form for form in PRINTED if form.paper == "card"]


@pytest.mark.parametrize("form", CARDS, ids=lambda form: form.code)
def test_a_card_keeps_its_edges_its_code_and_its_squares_clear(form: Form) -> None:
    laid = lay(form, unit_code="3-2-1201", estate="阳光花园")
    placed = place_identity(load_typeface(), laid.paper, identity(form))
    items = [*laid.pages[0].items, *placed]
    squares = [item for item in items if isinstance(item, Panel) and (item.w, item.h) == (3.5, 3.5)]
    assert sorted((item.x + 1.75, item.y + 1.75) for item in squares) == sorted(laid.paper.fiducials)
    for item in items:
        left, top, right, bottom = extent(item)
        assert left >= 3.7 and top >= 3.7 and right <= 90 - 3.7 and bottom <= 130 - 2.5, item
        if item not in squares and not (isinstance(item, Panel) and item.fill is None):
            assert not any(overlap((left, top, right, bottom), clear) for clear in kept_clear(laid)), item
    texts = [item for item in items if isinstance(item, Text) and item.text.strip()]
    for one, other in combinations(texts, 2):
        assert not overlap(extent(one), extent(other), 0.3), (one, other)


def test_cards_lie_four_to_a_sheet_between_marks_that_no_card_is_touched_by() -> None:
    places = cards.card_places()
    assert len(places) == 4
    for one, other in combinations([(x, y, x + 90, y + 130) for x, y in places], 2):
        assert not overlap(one, other)
    within = [(x + 3, y + 3, x + 87, y + 127) for x, y in places]
    for mark in cards.crop_marks(load_typeface()):
        left, top, right, bottom = extent(mark)
        assert 5 <= left <= right <= 205 and 5 <= top <= bottom <= 292
        assert not any(overlap((left - 0.1, top - 0.1, right + 0.1, bottom + 0.1), card) for card in within)


def test_a_card_says_what_does_not_fit_it() -> None:
    with pytest.raises(cards.CardTooSmall) as caught:
        lay("ZX-07", {"contractor": "某某装饰工程有限公司" * 30})
    assert "装修单位" in caught.value.sentence("zh")
    form = CATALOGUE.form("ZX-07")
    more = tuple(Field(key=f"f{n}", zh=f"栏{n}", en="Field", kind="text") for n in range(12))
    with pytest.raises(cards.CardTooFull):
        lay(form.model_copy(update={"fields": more}))
