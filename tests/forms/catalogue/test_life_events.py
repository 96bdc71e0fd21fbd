"""The life events as data: they name forms of the catalogue that a dossier holds, and ask for all that is required."""

from __future__ import annotations

import pytest

import templates
from forms.catalogue import CatalogueBroken, life_events, load_catalogue


def test_the_events_fit_the_catalogue_and_ask_for_all_that_it_requires() -> None:
    catalogue = load_catalogue()
    move_in, renovation, transfer = life_events.load(catalogue)
    required = {form.code for form in catalogue.required_forms()}
    for event in (move_in, transfer):
        assert required <= {one.form for one in event.requires}
    assert not required & {one.form for one in renovation.requires}
    assert all(one.clause and one.zh and one.en for event in (move_in, renovation, transfer) for one in event.requires)


def test_an_event_that_asks_for_what_no_dossier_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = templates.read_text("life_events.yaml").replace("form: RZ-09", "form: HF-01")
    read = templates.read_text
    monkeypatch.setattr(templates, "read_text", lambda name: text if name == life_events.FILE else read(name))
    with pytest.raises(CatalogueBroken, match="HF-01"):
        life_events.load(load_catalogue())
