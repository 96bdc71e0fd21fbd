"""The viewer's mark: it covers the whole page, bears name, time and request, and leaves the page readable."""

from __future__ import annotations

import numpy as np
from PIL import Image

from records.access import Decision
from records.users import Actor, Role
from web.outbox import Outbox, Parcel
from web.viewer import sentence, watermark


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


def test_printed_files_do_not_pile_up(monkeypatch: object) -> None:
    outbox = Outbox()
    tokens = [outbox.put(Parcel((), 1, (), "HF-01")) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert outbox.take(tokens[0], 1).form_code == "HF-01"
