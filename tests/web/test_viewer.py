"""The viewer's mark: it covers the whole page, bears name, time and request, and leaves the page readable."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from forms.printing.shop import PDF, PrintedFile
from records.access import Decision
from records.errors import NotFound
from records.users import Actor, Role
from web.background.outbox import MOST_BYTES, Parcel, outbox
from web.viewer import Look, highlighted, jpeg, marked_tray_page, sentence, watermark


def test_the_mark_names_viewer_and_request() -> None:
    text = sentence(Actor(3, "陈晓", Role.STAFF), Decision(True, "", "", 7))
    assert "陈晓" in text
    assert "7 号" in text


def test_the_mark_is_on_every_part_of_the_page() -> None:
    page = Image.new("RGB", (1075, 1520), "white")
    marked = np.asarray(watermark(page, "陈晓  2026-11-23 17:05  查阅申请 7 号").convert("L"))
    assert page.getextrema() == ((255, 255),) * 3
    parts = [marked[y : y + 380, x : x + 358] for y in range(0, 1520, 380) for x in range(0, 1074, 358)]
    assert all((part < 250).mean() > 0.005 for part in parts)
    assert marked.min() > 120


def test_printed_files_do_not_pile_up_and_are_their_printers_alone() -> None:
    shelf, half = outbox(), PrintedFile("a.pdf", PDF, bytes(MOST_BYTES // 2))
    tokens = [shelf.put(Parcel((half,), 1, (), "HF-01")) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert [shelf.get(token, 1).form_code for token in tokens[1:]] == ["HF-01"] * 2
    for token, who in ((tokens[0], 1), (tokens[2], 2), ("guessed", 1)):
        with pytest.raises(NotFound, match="15"):
            shelf.get(token, who)
    whole = shelf.put(Parcel((half, half, half), 1, (), "HF-02"))
    assert shelf.get(whole, 1).form_code == "HF-02"


def test_a_larger_look_is_drawn_larger_and_no_larger_than_there_is() -> None:
    assert [Look.of(zoom, None).dpi for zoom in (None, 150, 9999)] == [130, 195, 325]
    assert Look.of(150, 45).turn == 0


def test_a_hit_is_marked_where_it_stands_and_dark_ink_stays_dark() -> None:
    page = Image.new("RGB", (200, 100), "white")
    page.paste((10, 10, 10), (100, 50, 110, 60))
    marked = np.asarray(highlighted(page, [(0.4, 0.4, 0.7, 0.8)]))
    assert marked[45, 90, 2] < 120  # the pen's yellow
    assert marked[55, 105].max() <= 10
    assert marked[10, 10].min() == 255
    assert highlighted(page, []) is page


def test_a_page_of_the_tray_bears_its_filers_marks() -> None:
    plain = jpeg(Image.new("RGB", (600, 850), "white"))
    marked = np.asarray(Image.open(io.BytesIO(marked_tray_page(plain, Actor(3, "陈晓", Role.STAFF)))).convert("L"))
    assert (marked < 250).mean() > 0.01
