"""Pictures of the forms: every one that is drawn, small enough to look at, and one of them all."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from forms import gallery
from forms.catalogue import Catalogue, load_catalogue

CATALOGUE = load_catalogue()


def test_every_drawn_form_gets_a_picture_and_all_of_them_one(tmp_path: Path) -> None:
    some = [procedure for procedure in CATALOGUE.procedures if procedure.key in ("HF", "ZX")]
    few = Catalogue(CATALOGUE.procedures, CATALOGUE.sections, list(CATALOGUE.rules.values()))
    few.forms = tuple(form for procedure in some for form in procedure.forms)
    written = gallery.write_gallery(few, tmp_path / "new" / "folder", "东光物业客服中心")
    drawn = [form.code for form in few.forms if not form.is_word]
    assert [path.name for path in written] == [*(f"{code}.png" for code in drawn), gallery.CONTACT_SHEET]
    for path in written:
        with Image.open(path) as picture:
            assert min(picture.size) > 500


def test_an_example_fills_every_form_with_what_it_can_take() -> None:
    for form in CATALOGUE.forms:
        if not form.is_word:
            assert gallery.picture(form, "客服中心", gallery.example(form), dpi=20).width > 100


def test_the_readme_shows_a_few_small_pictures(tmp_path: Path) -> None:
    written = gallery.write_show(CATALOGUE, tmp_path, "东光物业客服中心")
    assert {path.name for path in written} == {"page.png", "card.png", "sheet.png"}
    assert all(path.stat().st_size < 150_000 for path in written)
