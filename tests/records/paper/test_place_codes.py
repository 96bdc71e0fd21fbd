"""Codes of places: any spelling is understood, and a wrong character is not."""

from __future__ import annotations

import string

import pytest

from records.paper import place_codes
from records.paper.place_codes import BadPlaceCode


@pytest.mark.parametrize("text", ["A-03-2-05", "a-03-2-05", "A03205", " Ａ－03－2－05 ", "A-03-2-05-Q", "a/03/2/05/q"])
def test_every_spelling_of_a_box_is_understood(text: str) -> None:
    assert place_codes.validate(text) == "A-03-2-05-Q"


@pytest.mark.parametrize(
    "text", ["", "A", "A-3-2", "A-03-2-5-Q", "3-2-1201", "DA-3-2-1201-01", "A-03-2-05-A", "A-03-2-05-Q-1"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    assert not place_codes.is_valid(text)
    with pytest.raises(BadPlaceCode):
        place_codes.validate(text)


def test_every_wrong_character_of_a_printed_code_is_caught() -> None:
    right = "A-03-2-05-Q"
    for place, letter in enumerate(right):
        for other in string.digits + string.ascii_uppercase:
            if letter not in ("-", other):
                assert not place_codes.is_valid(right[:place] + other + right[place + 1 :])


def test_boxes_stand_on_their_shelf() -> None:
    boxes = [place_codes.box_of("A-03-2", number) for number in range(1, 13)]
    assert {place_codes.shelf_of(box) for box in boxes} == {"A-03-2-9"}
    assert all(place_codes.is_box(box) for box in boxes)
    assert place_codes.format(boxes[4]) == "A室03架2层05盒"
    with pytest.raises(BadPlaceCode):
        place_codes.box_of(boxes[0], 1)
