"""A dossier's own paper: cover and contents list, complete over as many pages as they need."""

from __future__ import annotations

import dataclasses
from datetime import date

import pypdfium2
import pytest

from forms import pdf
from forms.layout.dossier_pages import DossierFacts, Entry, Section, contents_pages, dossier_cover
from forms.layout.items import Text

FACTS = DossierFacts(
    number="DA-3-2-1201-01",
    unit="3-2-1201",
    owners=("欧阳娜娜", "张三"),
    since=date(2020, 5, 1),
    until=None,
    office="东光物业客服中心",
    secrecy="机密",
    retention="业主档案永久保存",
    documents=60,
    pages=120,
    estate="阳光花园",
)


def test_the_cover_names_owner_unit_number_and_secrecy() -> None:
    data = pdf.draw_pages([dossier_cover(FACTS)], title="业主档案")
    words = pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range()
    for expected in ("机密", "DA-3-2-1201-01", "欧阳娜娜、张三", "3-2-1201", "2020年5月1日 至 今", "60 件", "120 页"):
        assert expected in words
    closed = dossier_cover(dataclasses.replace(FACTS, until=date(2024, 2, 29)))
    assert any("至 2024年2月29日" in item.text for item in closed if isinstance(item, Text))


def test_the_contents_list_every_document_once_and_what_is_missing() -> None:
    entries = [Entry(f"RZ-08-2026-{number:06d}-X", f"第{number}份文件", date(2026, 3, 1), 2) for number in range(60)]
    sections = [
        Section("业主临时公约", entries[:5]),
        Section("供暖协议书", [], ["供暖协议书"]),
        Section("其他", entries[5:]),
    ]
    pages = contents_pages(FACTS, sections, date(2026, 11, 23))
    assert len(pages) > 1
    words = [item.text for page in pages for item in page if isinstance(item, Text)]
    assert all(words.count(entry.reference) == 1 and words.count(entry.title) == 1 for entry in entries)
    assert "缺：供暖协议书" in words
    assert f"第 {len(pages)} 页　共 {len(pages)} 页" in words
    assert words.index("1　业主临时公约") < words.index("2　供暖协议书") < words.index("3　其他")
    assert all(item.x < 297 and item.y < 210 - 20 for page in pages for item in page if isinstance(item, Text))


@pytest.mark.parametrize("before", range(15, 32))
def test_no_heading_stands_alone_at_the_foot_of_a_page(before: int) -> None:
    entries = [Entry(f"RZ-08-2026-{number:06d}-X", "文件", date(2026, 3, 1), 2) for number in range(before + 9)]
    sections = [Section("供暖协议书", entries[:before]), Section("其他", entries[before:])]
    for page in contents_pages(FACTS, sections, date(2026, 11, 23)):
        words = [item.text for item in page if isinstance(item, Text)]
        body = words[: words.index(next(word for word in words if word.startswith("截至")))]
        assert not body[-1].endswith("其他")
