"""Layouts: every form lies within its paper, clear of code and fiducials, and nothing entered is lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime
from itertools import combinations, pairwise
from typing import Any

import pytest

from forms import pdf
from forms.catalogue import Catalogue, Form, load_catalogue
from forms.drawing.typeface import MM_PER_POINT, MissingGlyph, load_typeface
from forms.layout import (
    Item,
    Laid,
    Line,
    PageIdentity,
    Panel,
    Text,
    Tick,
    entries,
    lay_out,
    place_identity,
    text,
)
from forms.layout.frame import code_frame
from forms.marks import PageMark

CATALOGUE: Catalogue = load_catalogue()
PRINTED = [form for form in CATALOGUE.forms if not form.is_word]
PAGES = [form for form in PRINTED if form.paper == "a4"]
OFFICE = "东光物业客服中心"
Rectangle = tuple[float, float, float, float]


def lay(form: Form | str, values: dict[str, Any] | None = None, **more: Any) -> Laid:
    found = CATALOGUE.form(form) if isinstance(form, str) else form
    return lay_out(found, values or {}, office=OFFICE, **more)


def extent(item: Item) -> Rectangle:
    """Left, top, right, bottom of an item's ink in mm; text by its em boxes, without side bearings."""
    if isinstance(item, Text):
        high = item.size * MM_PER_POINT
        wide = load_typeface().width(item.text, item.size, item.face)
        return (item.x, item.y - 0.85 * high, item.x + wide, item.y + 0.1 * high)
    if isinstance(item, Line):
        return (min(item.x1, item.x2), min(item.y1, item.y2), max(item.x1, item.x2), max(item.y1, item.y2))
    if isinstance(item, Tick):
        return (item.x, item.y, item.x + item.side, item.y + item.side)
    return (item.x, item.y, item.x + item.w, item.y + item.h)


def overlap(one: Rectangle, other: Rectangle, slack: float = 0.0) -> bool:
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > slack and min(one[3], other[3]) - max(one[1], other[1]) > slack
    )


def words(laid: Laid) -> str:
    return "".join(item.text for page in laid.pages for item in page.items if isinstance(item, Text))


def kept_clear(laid: Laid) -> Iterator[Rectangle]:
    left, top, side = laid.paper.qr
    quiet = 2.95 if laid.paper.is_card else 3.6
    yield (left - quiet, top - quiet, left + side + quiet, top + side + quiet)
    for x, y in laid.paper.fiducials:
        around = laid.paper.fiducial_size / 2 + 1
        yield (x - around, y - around, x + around, y + around)


def identity(form: Form) -> PageIdentity:
    label = max(form.copies, key=len, default="")
    mark = PageMark(f"{form.code}-2026-999999-X", 200, 200, 1, 1)
    book = f"{form.code}-2026-C003" if form.mode == "book" else None
    return PageIdentity(mark, book, label, True, b"secret", mark.serial, mark.serial)


@pytest.mark.parametrize("form", PAGES, ids=lambda form: form.code)
def test_a_form_fits_one_page_and_stays_clear_of_what_scanners_look_for(form: Form) -> None:
    laid = lay(form, unit_code="3-2-1201", estate="阳光花园")
    assert len(laid.pages) == 1
    items = [*laid.pages[0].items, *place_identity(load_typeface(), laid.paper, identity(form))]
    fiducials = [item for item in items if isinstance(item, Panel) and (item.w, item.h) == (5.0, 5.0)]
    assert sorted((item.x + 2.5, item.y + 2.5) for item in fiducials) == sorted(laid.paper.fiducials)
    for item in items:
        left, top, right, bottom = extent(item)
        assert left >= 5 and top >= 5 and right <= laid.paper.width and bottom <= laid.paper.height - 5, item
        if item in fiducials or (isinstance(item, Panel) and item.fill is None and item.x == code_frame(laid.paper).x):
            continue
        for clear in kept_clear(laid):
            assert not overlap((left, top, right, bottom), clear), (item, clear)


@pytest.mark.parametrize("form", PAGES, ids=lambda form: form.code)
def test_no_two_texts_and_no_two_boxes_lie_on_each_other(form: Form) -> None:
    laid = lay(form, unit_code="3-2-1201", estate="阳光花园")
    items = [*laid.pages[0].items, *place_identity(load_typeface(), laid.paper, identity(form))]
    texts = [item for item in items if isinstance(item, Text) and item.text.strip()]
    for one, other in combinations(texts, 2):
        assert not overlap(extent(one), extent(other), 0.3), (one, other)
    boxes = [(box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]) for box in laid.boxes]
    for one_box, other_box in combinations(boxes, 2):
        assert not overlap(one_box, other_box, 0.15)
    for box in boxes:
        assert box[0] >= 24.9 and box[2] <= laid.paper.width - 14.9
        assert not any(overlap(box, clear) for clear in kept_clear(laid))


@pytest.mark.parametrize("form", PRINTED, ids=lambda form: form.code)
def test_every_signature_has_a_box_of_45_by_15_mm_without_print_in_it(form: Form) -> None:
    laid = lay(form)
    expected = {place.key for place in form.signatures if place.column is None}
    boxes = [box for box in laid.boxes if box["kind"] != "field"]
    if form.mode != "external":
        assert {box["key"] for box in boxes} == expected
    for box in boxes:
        assert box["w"] >= 45 and box["h"] >= (25 if box["kind"] == "stamp" else 15), box
        ink = (box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"])
        inside = [
            item for item in laid.pages[0].items if not isinstance(item, Panel) and overlap(extent(item), ink, -0.1)
        ]
        assert inside == []


@pytest.mark.parametrize("form", PRINTED, ids=lambda form: form.code)
def test_every_row_to_write_in_is_at_least_8_mm_high(form: Form) -> None:
    laid = lay(form)
    low = 8.0 - 0.05  # boxes are kept to a tenth of a millimetre
    for box in laid.boxes:
        field = form.field(box["key"])
        rows = form.rows if box["key"] == "rows" else field.rows if field else 1
        assert box["h"] / (rows or 1) >= low, box
        if field and field.kind == "long":
            assert box["h"] >= max(low, 7.0 * field.lines), box


@pytest.mark.parametrize("form", PRINTED, ids=lambda form: form.code)
def test_every_signature_has_its_role_and_a_place_for_the_date(form: Form) -> None:
    laid = lay(form)
    printed = [item for item in laid.pages[0].items if isinstance(item, Text)]
    for box in laid.boxes:
        if box["kind"] == "field":
            continue
        around = (box["x"] - 2, box["y"] - 6.5, box["x"] + box["w"] + 2, box["y"] + box["h"] + 7)
        near = [item.text for item in printed if overlap(extent(item), around)]
        assert {"年", "月", "日"} <= set(near)
        roles = [place.zh for place in form.signatures if place.key == box["key"]]
        assert form.mode == "external" or roles[0] in near


@pytest.mark.parametrize("form", PRINTED, ids=lambda form: form.code)
def test_the_paper_is_as_the_catalogue_says_and_its_foot_names_clause_and_version(form: Form) -> None:
    laid = lay(form)
    if form.paper == "a4":
        sizes = {"portrait": (210, 297), "landscape": (297, 210)}
        assert (laid.paper.width, laid.paper.height) == sizes[form.orientation]
    low = laid.paper.height - (8 if laid.paper.is_card else 26)
    foot = "".join(item.text for item in laid.pages[0].items if isinstance(item, Text) and item.y > low)
    assert f"{form.code} 第{form.version}版" in foot
    for clause in form.clauses:
        procedure, number = clause.split(" ")
        assert procedure in foot and number in foot


@pytest.mark.parametrize("form", [form for form in PRINTED if form.copies], ids=lambda form: form.code)
def test_every_copy_has_its_label_a_colour_of_its_own_and_its_own_code(form: Form) -> None:
    laid = lay(form)
    identities = pdf.sheet_identities(laid, f"{form.code}-2026-000001-X", b"secret")
    colours, labels = [], []
    for identity in identities:
        items = place_identity(load_typeface(), laid.paper, identity)
        colours += [item.fill for item in items if isinstance(item, Panel) and item.w > 6 and item.h > 10]
        upright = "".join(item.text for item in items if isinstance(item, Text) and item.colour == (1.0, 1.0, 1.0))
        labels.append(upright.translate(str.maketrans("︵︶", "()")))
    assert labels == [label.replace("（", "(").replace("）", ")") for label in form.copies]
    assert len(set(colours)) == len({identity.code for identity in identities}) == len(form.copies) >= 2


@pytest.mark.parametrize("form", PRINTED, ids=lambda form: form.code)
def test_every_label_of_the_form_is_on_paper(form: Form) -> None:
    printed = words(lay(form))
    labels = [field.zh for field in form.fields] + [place.zh for place in form.signatures if place.column is None]
    assert [label for label in (form.zh, *labels) if label not in printed] == []
    assert not form.remark or form.remark in printed
    assert not form.photo or "贴照片处" in printed
    assert ("本页不得撕毁" in printed) >= (form.mode == "book" or form.no_tear)
    assert ("记录不得涂改" in printed) == form.no_alter


def test_the_same_form_and_values_lie_the_same() -> None:
    values = {"owner": "张三", "items": [{"result": "合格"}]}
    assert lay("RZ-08", values) == lay("RZ-08", values)


def test_boxes_lie_at_the_same_places_however_the_form_is_filled() -> None:
    assert lay("RZ-08", {"owner": "张三", "second_result": "合格"}).digest == lay("RZ-08").digest
    assert lay("RZ-08").digest != lay("RZ-09").digest
    newer = CATALOGUE.form("RZ-08").model_copy(update={"version": 2})
    assert lay(newer).digest != lay("RZ-08").digest


def test_text_too_long_shrinks_then_goes_on_and_none_of_it_is_lost() -> None:
    story = "".join(f"第{number}次查看，墙面仍有渗漏。" for number in range(150))
    laid = lay("TS-02", {field.key: story for field in _long("TS-02")})
    assert len(laid.pages) > 1
    printed = words(laid)
    assert "转续页" in printed
    for number in range(150):
        assert f"第{number}次" in printed
    _within_body(laid)


def _long(code: str) -> list[Any]:
    return [field for field in CATALOGUE.form(code).fields if field.kind == "long"]


def test_every_character_entered_is_printed_exactly_once() -> None:
    field = _long("TS-02")[0]
    story = "".join(chr(0x4E00 + number) for number in range(0, 2400))
    story = "".join(letter for letter in story if letter in load_typeface().face().glyph_of)
    printed = [
        item.text
        for page in lay("TS-02", {field.key: story}).pages
        for item in page.items
        if isinstance(item, Text) and item.colour == (0.05, 0.15, 0.45)
    ]
    assert "".join(printed) == story


def test_table_rows_beyond_the_form_go_on_on_a_marked_page() -> None:
    rows = [{"item": f"项目{number}", "problem": "无"} for number in range(60)]
    laid = lay("RZ-08", {"items": rows})
    assert len(laid.pages) == 4
    printed = words(laid)
    assert all(printed.count(f"项目{number}无") == 1 for number in range(60))
    assert "续页：接《业主验房表》" in printed
    _within_body(laid)


def test_a_report_takes_as_many_pages_as_its_lines_need() -> None:
    form = CATALOGUE.form("DA-01")
    laid = lay(form, {"rows": [{form.columns[1].key: f"档{number:03}"} for number in range(25)]})
    assert len(laid.pages) == 3
    assert all(f"档{number:03}" in words(laid) for number in range(25))
    assert {box["page"] for box in laid.boxes} == {1, 2, 3}


def _within_body(laid: Laid) -> None:
    for page in laid.pages:
        for item in page.items:
            left, _, right, bottom = extent(item)
            assert left >= 5 and right <= laid.paper.width - 5 and bottom <= laid.paper.height - 5


def test_a_character_that_cannot_be_printed_stops_the_layout() -> None:
    with pytest.raises(MissingGlyph) as caught:
        lay("RZ-08", {"owner": "张☐三"})
    assert "☐" in caught.value.sentence("zh")


def test_a_copy_belongs_to_its_label_and_colour() -> None:
    form = CATALOGUE.form("ZX-14")
    typeface, paper = load_typeface(), lay(form).paper
    bars = []
    for copy, label in enumerate(form.copies, start=1):
        placed = place_identity(
            typeface, paper, PageIdentity(PageMark("ZX-14-2026-000001-X", 1, 1, copy, 1), None, label)
        )
        assert label in "".join(item.text for item in placed if isinstance(item, Text))
        bars += [item.fill for item in placed if isinstance(item, Panel)]
    assert len(set(bars)) == len(form.copies)


@pytest.mark.parametrize("pages", [1, 10, 50, 100, 200])
def test_fore_edge_marks_step_down_page_by_page(pages: int) -> None:
    paper = lay("HF-01").paper
    tops = []
    for page in range(1, pages + 1):
        own = dataclasses.replace(
            identity(CATALOGUE.form("HF-01")), mark=PageMark("HF-01-2026-000001-X", page, pages, 1, 1)
        )
        marks = [
            item for item in place_identity(load_typeface(), paper, own) if isinstance(item, Panel) and not item.stroke
        ]
        assert len(marks) == 1
        assert marks[0].x + marks[0].w == paper.width
        tops.append(marks[0].y)
    steps = [after - before for before, after in pairwise(tops)]
    assert all(step > 1.5 or step < -100 for step in steps)
    assert all(50 < top < paper.height - 25 for top in tops)


def test_neighbours_bear_each_others_links() -> None:
    typeface, paper = load_typeface(), lay("HF-01").paper
    serials = [f"HF-01-2026-00000{number}-X" for number in range(1, 5)]

    def links(place: int) -> list[str]:
        around = [None, *serials, None]
        mark = PageMark(serials[place], place + 1, 4, 1, 1)
        own = PageIdentity(mark, "HF-01-2026-C001", "", False, b"s", around[place], around[place + 2])
        line = next(
            item.text for item in place_identity(typeface, paper, own) if isinstance(item, Text) and "后页" in item.text
        )
        return [part.split(" ")[1] for part in line.split("　")]

    first, second, third, _ = map(links, range(4))
    assert first[1:] == second[:2]
    assert second[1:] == third[:2]
    assert first[0] == "----"


@pytest.mark.parametrize(
    ("kind", "value", "printed"),
    [
        ("date", date(2026, 3, 5), "2026年3月5日"),
        ("date", "2026-03-05", "2026年3月5日"),
        ("date", "下周三", "下周三"),
        ("datetime", datetime(2026, 3, 5, 9, 5), "2026年3月5日 9时05分"),
        ("datetime", "2026-03-05T09:05", "2026年3月5日 9时05分"),
        ("period", ["2026-03-05", "2026-04-05"], "自 2026年3月5日 至 2026年4月5日"),
        ("period", {"from": "2026-03-05", "to": "2026-04-05"}, "自 2026年3月5日 至 2026年4月5日"),
        ("money", "2000.00", "2000.00 元"),
        ("money", 0, "0 元"),
        ("number", 0, "0"),
        ("text", None, ""),
    ],
)
def test_values_read_as_an_office_writes_them(kind: str, value: Any, printed: str) -> None:
    assert entries.shown(kind, value) == printed


def test_a_date_too_long_for_its_column_is_written_short_and_never_broken() -> None:
    form = CATALOGUE.form("TZ-03")
    lines = [{"date": "2026-11-23"}, {"date": date(2026, 3, 5)}, {"date": "下周三"}]
    printed = [item.text for item in lay(form, {"rows": lines}).pages[0].items if isinstance(item, Text)]
    assert {"2026-11-23", "2026-03-05", "下周三"} <= set(printed)


def test_several_options_are_ticked_and_an_unlisted_one_is_added() -> None:
    laid = lay("RZ-17", {field.key: ["验收房屋", "代收信件"] for field in _checks("RZ-17")})
    assert sum(item.ticked for item in laid.pages[0].items if isinstance(item, Tick)) == 2
    assert "代收信件" in words(laid)


def _checks(code: str) -> list[Any]:
    return [field for field in CATALOGUE.form(code).fields if field.kind == "check"]


@pytest.mark.parametrize("run", ["）！" * 900, "0" * 1800, "《" * 1800])
def test_what_may_not_be_broken_is_cut_where_each_line_is_full(run: str) -> None:
    lines = text.wrap(load_typeface(), run, 80, 9)
    assert "".join(lines) == run
    widths = [load_typeface().width(line, 9) for line in lines]
    assert max(widths) <= 80.01
    assert min(widths[:-1]) > 80 - 3 * 9 * MM_PER_POINT


@pytest.mark.parametrize("width", [12, 20, 33.3, 60])
def test_wrapped_lines_keep_to_their_width_and_to_the_rules_of_punctuation(width: float) -> None:
    words_ = (
        "（业主）反映：主卧飘窗渗漏，面积0.6平方米；联系电话13812345678，约定11月25日上门。"
        "《回访记录表》HF-01-2026-000123-7"
    )
    lines = text.wrap(load_typeface(), words_, width, 9)
    assert "".join(lines) == words_
    assert all(load_typeface().width(line, 9) <= width + 0.02 for line in lines)
    if width > 15:
        assert not any(line[0] in "，；。：）》" for line in lines)
        assert not any(line[-1] in "（《" for line in lines)


def test_a_number_shrinks_before_it_is_cut() -> None:
    fitted = text.fit(load_typeface(), "13812345678", 19, 10, 10)
    assert fitted.lines == ("13812345678",)
    assert fitted.size < 10


def test_external_papers_get_a_cover_sheet_of_their_section() -> None:
    printed = words(lay("RZ-16", {"expected_pages": 3}))
    assert "归档分隔页" in printed
    assert "业主产权确认登记" in printed
    assert "应有页数3" in printed
