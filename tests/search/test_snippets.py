"""A snippet is raw text with the hit marked, as parts that the page escapes."""

from __future__ import annotations

import pytest

from search.index import Index
from search.query import understand
from search.snippets import WIDTH, snippet

INDEX = Index({"RZ-01": ["入住通知书"]})


def marked(question: str, *texts: str) -> list[str]:
    return [text for text, hit in snippet(texts, understand(INDEX, question).meaning) if hit]


@pytest.mark.parametrize(
    ("question", "text", "hits"),
    [
        ("漏水", "厨房漏水,厕所漏水", ["漏水", "漏水"]),
        ("漏水", "厨 房 漏\n水", ["漏 水"]),
        ("wifi", "装ＷｉＦｉ布线", ["ＷｉＦｉ"]),
        ('"漏水,严重"', "漏水,严重", ["漏水,严重"]),
        ("3-2-1201", "回访三栋二单元1201,满意", ["三栋二单元1201"]),
        ("单元:3栋2单元1201", "回访3-2-1201", ["3-2-1201"]),
        ("2026-03-31", "于2026年3月31日", ["2026年3月31日"]),
        ("漏水 非 厨房", "厨房漏水", ["漏水"]),
        ("业主:张", "业主张伟强", ["张"]),
        ("12", "312栋 12栋", ["12"]),
        ("𬱖", "李𬱖", ["𬱖"]),
        ("入住通知书", "别的", []),
    ],
)
def test_the_hit_is_marked_in_the_text_as_it_was_written(question: str, text: str, hits: list[str]) -> None:
    assert marked(question, text) == hits


def test_the_window_shows_the_most_of_what_was_asked() -> None:
    text = "漏水" + "无" * 300 + "卫生间天花板漏水" + "无" * 300
    parts = snippet([text], understand(INDEX, "卫生间 漏水").meaning)
    assert [part for part, hit in parts if hit] == ["卫生间", "漏水"]
    assert parts[0] == ("…", False) and parts[-1] == ("…", False)
    assert sum(len(part) for part, _ in parts) <= WIDTH + 2


def test_nothing_in_a_text_becomes_markup() -> None:
    parts = snippet(["<b>漏水</b>"], understand(INDEX, "漏水").meaning)
    assert parts == (("<b>", False), ("漏水", True), ("</b>", False))
