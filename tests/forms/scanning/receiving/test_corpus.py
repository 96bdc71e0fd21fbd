"""The corpus that the benchmark judges filing by, in small: at every level of wear no page is filed wrongly."""

from __future__ import annotations

import pytest

from bench import corpus
from bench.corpus import Share


@pytest.mark.parametrize(
    "share", [Share("clean", 300, 16, 5000), Share("medium", 200, 22, 9000), Share("bad", 150, 22, 0)]
)
def test_no_page_is_filed_wrongly_and_no_signature_misjudged(share):
    tally = corpus.judged(share)
    assert tally.pages["wrong"] == 0, tally.odd
    assert tally.pages["right"] >= share.pages - 1, tally.odd
    assert tally.boxes["wrong"] == 0, tally.odd
    assert tally.boxes["right"] > tally.pages["right"] / 2


def test_the_corpus_has_every_level_resolution_and_page():
    parts = corpus.shares(corpus.PAGES)
    assert sum(part.pages for part in parts) == 3000
    assert {(part.level, part.dpi) for part in parts} == {
        (level, dpi) for level in ("clean", "medium", "bad") for dpi in (150, 200, 300)
    }
    assert len({part.seed for part in parts}) == len(parts)
