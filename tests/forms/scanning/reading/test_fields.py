"""What reading by field promises: only ink is read, each piece in its field, never a signature or what was printed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from forms import pdf
from forms.catalogue import Catalogue
from forms.layout import lay_out
from forms.scanning.imitation import handwriting, samples
from forms.scanning.reading.fields import Known, read_fields
from forms.scanning.reading.printed_marks import marks_in
from forms.scanning.reading.recogniser import Recogniser
from records.readings import FieldRead

SECRET = b"the secret of these tests"
LEVELS = ("clean", "medium", "bad")


class Paper:
    """A printed page of a form, to write on and to scan."""

    def __init__(self, catalogue: Catalogue, code: str, entered: Mapping[str, Any] | None = None) -> None:
        self.form = catalogue.form(code)
        self.entered = dict(entered or {})
        self.laid = lay_out(self.form, self.entered, office="客服中心", estate="东光花园")
        self.serial, out = f"{code}-2026-000001-X", io.BytesIO()
        pdf.draw(self.laid, pdf.sheet_identities(self.laid, self.serial, SECRET), out, title="", author="")
        self.image = next(iter(samples.rasterise(out.getvalue())))
        self.boxes = [box for box in self.laid.boxes if box["page"] == 1]

    def box(self, key: str) -> dict[str, Any]:
        """The box of a field."""
        return next(box for box in self.boxes if box["key"] == key and box["kind"] == "field")

    def write(self, key: str, text: str) -> None:
        """Write by hand into a field."""
        self.image = handwriting.write(self.image, self.box(key), text, 3)

    def tick(self, key: str, *words: str) -> None:
        """Tick the squares before these words."""
        self.image = handwriting.tick(self.image, self.laid.pages[0].items, self.box(key), words, 3)

    def cell(self, key: str, row: int, column: int) -> dict[str, float]:
        """A cell of a table, counted from 0."""
        box = self.box(key)
        marks = marks_in(self.laid.pages[0].items, box)
        down = sorted({box["x"], *marks.down, box["x"] + box["w"]})
        across = sorted({round(y, 1) for y in (box["y"], *marks.across, box["y"] + box["h"])})
        return {
            "x": down[column], "y": across[row],
            "w": down[column + 1] - down[column], "h": across[row + 1] - across[row],
        }  # fmt: skip

    def sign(self) -> None:
        """Sign and stamp everywhere."""
        self.image = samples.sign(self.image, self.boxes, [box["key"] for box in self.boxes], 3)

    def read(self, reader: Any, level: str = "medium", **known: Any) -> dict[str, FieldRead] | None:
        """Scan it at a level and read it."""
        image = samples.degrade(self.image, level, 5, turn=0)
        fields = tuple(box for box in self.boxes if box["kind"] == "field")
        told = {"items": self.laid.pages[0].items, "form": self.form, "entered": self.entered, **known}
        page = Known(self.serial, self.laid.paper, fields, told["items"], told["form"], told["entered"])
        return read_fields(np.asarray(image.convert("L"), np.uint8), page, SECRET, reader)


class Noting:
    """Reads nothing, and notes how many lines it was shown."""

    def __init__(self) -> None:
        self.shown = 0

    def page(self, _image: Image.Image) -> list[Any]:
        return []

    def places(self, _picture: Any) -> list[tuple[int, int, int, int]]:
        return []

    def strips(self, pictures: Sequence[Any]) -> list[tuple[str, float]]:
        self.shown += len(pictures)
        return [("字", 1.0) for _ in pictures]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    """The engine, loaded once."""
    return Recogniser(threads=1)


def filled(fields: dict[str, FieldRead] | None) -> dict[str, str]:
    """What was read of what was written by hand."""
    assert fields is not None
    return {key: field.text for key, field in fields.items() if field.state == "recognised"}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("code", ["RZ-08", "HF-01", "ZX-01", "RZ-07", "TS-01"])
def test_a_page_on_which_nobody_wrote_is_not_read_at_all(catalogue: Catalogue, code: str, level: str) -> None:
    paper, reader = Paper(catalogue, code), Noting()
    paper.sign()
    assert filled(paper.read(reader, level)) == {}
    assert reader.shown == 0


def test_what_was_entered_before_printing_is_not_read_again(catalogue: Catalogue) -> None:
    paper, reader = Paper(catalogue, "RZ-07", {"owner": "欧阳建国", "phone": "13912345678"}), Noting()
    fields = paper.read(reader)
    assert fields is not None
    assert reader.shown == 0
    assert (fields["owner"].state, fields["owner"].text) == ("printed", "欧阳建国")
    assert fields["owner"].lines[0].box != fields["phone"].lines[0].box


def test_each_piece_is_read_into_its_field(catalogue: Catalogue, recogniser: Recogniser) -> None:
    paper = Paper(catalogue, "ZX-01", {"owner": "欧阳建国"})
    written = {
        "contractor": "东方装饰工程有限公司",
        "foreman": "李国庆",
        "foreman_phone": "13912345678",
        "workers": "6",
    }
    for key, text in written.items():
        paper.write(key, text)
    paper.sign()
    assert filled(paper.read(recogniser)) == written


def test_long_writing_is_read_line_by_line_with_the_place_of_each(catalogue: Catalogue, recogniser: Recogniser) -> None:
    paper = Paper(catalogue, "ZX-01")
    paper.write("works", "拆除厨房非承重隔墙，更换卫生间防水层\n铺设地砖约三十平方米")
    fields = paper.read(recogniser, "bad")
    assert fields is not None
    works = fields["works"]
    assert [line.text for line in works.lines] == ["拆除厨房非承重隔墙，更换卫生间防水层", "铺设地砖约三十平方米"]
    first, second = (line.box for line in works.lines)
    assert works.box is not None
    assert works.box[1] <= first[1] < second[1] < works.box[1] + works.box[3]


def test_ticks_are_read_as_the_options_they_choose(catalogue: Catalogue) -> None:
    paper, reader = Paper(catalogue, "ZX-01"), Noting()
    paper.tick("papers", "营业执照", "照片")
    assert filled(paper.read(reader)) == {"papers": "营业执照、照片"}
    assert reader.shown == 0


def test_a_table_is_read_cell_by_cell_behind_the_items_printed_in_it(
    catalogue: Catalogue, recogniser: Recogniser
) -> None:
    paper = Paper(catalogue, "RZ-08")
    for row, column, text in ((2, 1, "不合格"), (2, 2, "墙面空鼓两处"), (5, 1, "合格")):
        paper.image = handwriting.write(paper.image, paper.cell("items", row, column), text, 9 + row)
    assert filled(paper.read(recogniser)) == {"items": "墙面、顶棚：不合格  墙面空鼓两处\n卫生间防水、地漏：合格"}


def test_a_column_to_sign_in_is_not_read(catalogue: Catalogue) -> None:
    paper, reader = Paper(catalogue, "JD-01"), Noting()
    columns = [column.key for column in paper.form.columns]
    signed = next(place.column for place in paper.form.signatures if place.column)
    paper.image = handwriting.write(paper.image, paper.cell("rows", 0, columns.index(signed)), "王丽", 4)
    assert filled(paper.read(reader)) == {}
    assert reader.shown == 0


def test_a_date_written_between_its_words_reads_as_a_date(catalogue: Catalogue, recogniser: Recogniser) -> None:
    paper = Paper(catalogue, "ZX-01")
    items, box = paper.laid.pages[0].items, paper.box("start_date")
    paper.image = handwriting.fill(paper.image, items, box, ["2026", "3", "15"], 3)
    assert filled(paper.read(recogniser)) == {"start_date": "2026年3月15日"}


def test_a_layout_that_is_not_drawn_any_more_is_still_read_by_its_boxes(
    catalogue: Catalogue, recogniser: Recogniser
) -> None:
    paper = Paper(catalogue, "ZX-01")
    paper.write("contractor", "东方装饰工程有限公司")
    read = filled(paper.read(recogniser, "clean", items=None, form=None))
    assert read["contractor"] == "东方装饰工程有限公司"
    assert "start_date" not in read


def test_a_page_that_cannot_be_registered_gives_no_fields(catalogue: Catalogue) -> None:
    paper = Paper(catalogue, "ZX-01")
    paper.write("contractor", "东方装饰工程有限公司")
    wrong = Image.new("RGB", (1654, 1200), "white")
    wrong.paste(paper.image.crop((0, 0, 1654, 1000)), (0, 100))
    paper.image = wrong
    assert paper.read(Noting()) is None


def test_writing_that_went_on_for_want_of_room_is_one_text(catalogue: Catalogue, recogniser: Recogniser) -> None:
    paper = Paper(catalogue, "ZX-01")
    text = "拆除厨房非承重隔墙更换卫生间防水层铺设地砖约三十平方米并更换全部入户门和窗户"
    paper.write("works", text)
    fields = paper.read(recogniser, "clean")
    assert fields is not None
    assert len(fields["works"].lines) == 2
    assert fields["works"].text == text


def test_a_printed_table_reads_row_by_row(catalogue: Catalogue) -> None:
    rows = [{"item": "墙面、顶棚", "result": "有问题", "problem": "空鼓两处"}]
    fields = Paper(catalogue, "RZ-08", {"items": rows}).read(Noting())
    assert fields is not None
    assert fields["items"].text == "墙面、顶棚  有问题  空鼓两处"


@pytest.mark.parametrize("level", ["clean", "bad"])
def test_a_page_whose_code_is_gone_is_read_into_its_fields(
    catalogue: Catalogue, recogniser: Recogniser, level: str
) -> None:
    paper = Paper(catalogue, "RZ-08")
    key = next(box["key"] for box in paper.boxes if box["kind"] == "field" and box["key"] != "unit")
    paper.write(key, "2026")
    paper.image = samples.destroy_code(paper.image, paper.laid.paper, 1)
    assert "2026" in filled(paper.read(recogniser, level))[key]
