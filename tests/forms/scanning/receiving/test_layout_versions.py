"""A form changes; what was printed before is read where it was printed, and two versions never share a number."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from forms import numbering
from forms.catalogue import load_catalogue
from forms.layout_versions import VersionNotRaised
from forms.printing import issuing
from forms.scanning.imitation import samples
from tests.forms.catalogue.test_own_forms import FILE, write

FIRST = FILE
SECOND = FILE.replace(
    "    signatures:\n", "      - {key: story, zh: 情况, en: Story, kind: long, lines: 6}\n    signatures:\n"
).replace("      - {key: clerk,", "      - {key: guard, zh: 保安, en: Guard, kind: signature}\n      - {key: clerk,")


def known(shop, desk, tmp_path: Path, text: str):
    """The office once the file of own forms reads so."""
    write(tmp_path / "forms", text)
    catalogue = load_catalogue(tmp_path / "forms")
    return dataclasses.replace(shop, catalogue=catalogue), dataclasses.replace(desk, catalogue=catalogue)


def printed(database, actor, shop, unit):
    form = shop.catalogue.form("ZY-01")
    with database.transaction() as session:
        done = issuing.print_sheets(session, shop, actor, form, unit=session.merge(unit), values={"day": "2026-11-23"})
        boxes = numbering.find_serial(session, done.serials[0]).layout.boxes
    (image,) = samples.rasterise(done.data)
    return done.serials[0], image, boxes


def test_pages_of_two_versions_are_read_each_at_its_own_places(
    database, actors, make_unit, shop, desk, tmp_path, scan_in, monkeypatch
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
    old_shop, _ = known(shop, desk, tmp_path, FIRST)
    old, old_image, old_boxes = printed(database, actors.staff, old_shop, unit)
    new_shop, new_desk = known(shop, desk, tmp_path, SECOND.replace("version: 1", "version: 2"))
    new, new_image, new_boxes = printed(database, actors.staff, new_shop, unit)
    places = [next(box for box in boxes if box["key"] == "clerk") for boxes in (old_boxes, new_boxes)]
    assert places[0] != places[1]
    pages = [
        samples.degrade(samples.sign(old_image, old_boxes, ["clerk"], 1), "medium", 2),
        samples.degrade(samples.sign(new_image, new_boxes, ["clerk"], 3), "medium", 4),
        samples.degrade(new_image, "medium", 5),
    ]
    monkeypatch.setitem(desk.__dict__, "catalogue", new_desk.catalogue)
    first, second, again = scan_in(database, actors.staff, pages)
    assert [first.state, second.state, again.state] == ["filed", "filed", "duplicate"]
    assert [first.serial, second.serial] == [old, new]
    assert first.signatures == {"clerk": first.signatures["clerk"]}
    assert first.signatures["clerk"]["signed"] is True
    assert second.signatures["clerk"]["signed"] is True
    assert second.signatures["guard"]["signed"] is False


def test_a_layout_that_changed_under_its_version_is_not_printed(
    database, actors, make_unit, shop, desk, tmp_path
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
    old_shop, _ = known(shop, desk, tmp_path, FIRST)
    printed(database, actors.staff, old_shop, unit)
    changed, _ = known(shop, desk, tmp_path, SECOND)
    with pytest.raises(VersionNotRaised) as caught:
        printed(database, actors.staff, changed, unit)
    assert "version 改为 2" in caught.value.sentence("zh")
    raised, _ = known(shop, desk, tmp_path, SECOND.replace("version: 1", "version: 2"))
    serial, _, _ = printed(database, actors.staff, raised, unit)
    assert numbering.parse(serial).number == 2


def test_more_lines_and_pages_are_no_change_of_layout(database, actors, shop, desk, tmp_path) -> None:
    own, _ = known(shop, desk, tmp_path, FIRST)
    form = own.catalogue.form("ZY-01")
    rows = [{"area": f"区域{number}"} for number in range(40)]
    with database.transaction() as session:
        issuing.print_sheets(session, own, actors.staff, form, values={"areas": rows})
        issuing.print_sheets(session, own, actors.staff, form, values={})
        issuing.print_sheets(session, own, actors.staff, form, values={"areas": rows[:9]})
