"""Unit codes: every spelling of the desk means one unit."""

from __future__ import annotations

import pytest

from records import identifiers
from records.identifiers import BadUnitCode


@pytest.mark.parametrize(
    "text",
    [
        "3-2-1201",
        "3栋2单元1201",
        "3栋2单元1201室",
        "3#2-1201",
        "三栋二单元1201室",
        "3-2-1201",
        "3 号楼 2 单元 1201",
        "3幢2门1201",
    ],
)
def test_every_spelling_is_the_same_unit(text: str) -> None:
    assert identifiers.validate(text) == "3-2-1201"


def test_buildings_beyond_ten_are_understood_in_numerals() -> None:
    assert identifiers.validate("十二栋一单元301") == "12-1-301"
    assert identifiers.validate("二十栋2单元301") == "20-2-301"


@pytest.mark.parametrize("text", ["03-02-0101", "3栋02单元0101室", "003#2-101", "三栋二单元0101"])
def test_zeros_in_front_make_no_second_unit(text: str) -> None:
    assert identifiers.validate(text) == "3-2-101"


def test_zeros_that_say_something_stay() -> None:
    assert [identifiers.validate(text) for text in ("0-1-011", "10-10-1001", "A10-1-100A")] == [
        "0-1-011",
        "10-10-1001",
        "A10-1-100A",
    ]


@pytest.mark.parametrize("text", ["", "1201", "3-2", "三栋", "3-2-12010x", "../etc", "十百栋1单元101"])
def test_what_is_no_unit_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadUnitCode, match="单元房号无法识别"):
        identifiers.validate(text)
