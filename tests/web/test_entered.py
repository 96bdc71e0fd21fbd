"""What is typed into a form on screen: empty places stay empty, rows keep their order, presets stay as printed."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from forms.catalogue import load_catalogue
from web.entered import values

CATALOGUE = load_catalogue()


def test_empty_places_are_left_for_the_pen() -> None:
    typed = MultiDict([("f.contractor", " "), ("f.workers", " 4 ")])
    assert values(CATALOGUE.form("ZX-01"), typed) == {"workers": "4"}


def test_several_ticks_are_a_list_and_a_period_has_two_ends() -> None:
    form = CATALOGUE.form("DA-03")
    typed = MultiDict([("f.way", "屏幕查阅"), ("f.way", "复制"), ("f.term.from", "2026-01-01"), ("f.term.to", "")])
    assert values(form, typed) == {"way": ["屏幕查阅", "复制"], "term": ["2026-01-01", ""]}


def test_the_rows_of_a_register_keep_their_order_and_lose_the_empty_end() -> None:
    typed = MultiDict([("rows.0.seq", "1"), ("rows.2.record", "HF"), ("rows.9.seq", " ")])
    assert values(CATALOGUE.form("HF-02"), typed) == {"rows": [{"seq": "1"}, {}, {"record": "HF"}]}


def test_untouched_presets_are_not_entered() -> None:
    form = next(form for form in CATALOGUE.forms for field in form.fields if field.preset)
    field = next(field for field in form.fields if field.preset)
    rows = field.preset_rows()
    names = [(f"f.{field.key}.{number}.{key}", text) for number, row in enumerate(rows) for key, text in row.items()]
    assert field.key not in values(form, MultiDict(names))
    assert field.key in values(form, MultiDict([*names, (f"f.{field.key}.0.{field.columns[-1].key}", "好")]))
