"""Any part of a book tells what is wrong with it: exactly the damage that was done is named, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.books import binding
from forms.books.binding import BadChainCodes, Damage, Leaf, Links, Span, Verdict
from forms.marks import PageMark

SECRET = b"s" * 32
SPANS = st.builds(Span, st.sampled_from(["HF-01", "ZB-02"]), st.just(2026), st.integers(1, 90_000), st.integers(1, 60))


def mark(span: Span, page: int) -> PageMark:
    return PageMark(span.serial(page), page, span.pages, 1, 1)


def pile(*marks: PageMark | None) -> list[Leaf]:
    return [Leaf(place, one, "" if one else "no_code") for place, one in enumerate(marks, start=1)]


def bound(span: Span, pages: Sequence[int]) -> list[Leaf]:
    return pile(*(mark(span, page) for page in pages))


def kinds(found: binding.Inspection) -> set[Damage]:
    return {finding.kind for finding in found.findings}


def pages(found: binding.Inspection, kind: Damage) -> list[int]:
    return sorted(page for finding in found.of(kind) for page in finding.pages)


BOOK = Span("HF-01", 2026, 101, 10)
OTHER = Span("HF-01", 2026, 111, 10)
ALL = list(range(1, 11))


@settings(deadline=None)
@given(SPANS)
def test_a_whole_book_is_whole(span: Span) -> None:
    found = binding.inspect(bound(span, range(1, span.pages + 1)))
    assert (found.span, found.findings, found.whole) == (span, (), True)


@settings(deadline=None)
@given(SPANS, st.data())
def test_of_any_part_in_order_exactly_the_pages_that_are_not_there_are_missing(span: Span, data: st.DataObject) -> None:
    kept = sorted(data.draw(st.sets(st.integers(1, span.pages), min_size=1)))
    found = binding.inspect(bound(span, kept))
    gone = sorted(set(range(1, span.pages + 1)) - set(kept))
    assert pages(found, Damage.MISSING) == gone
    assert [serial for one in found.of(Damage.MISSING) for serial in one.serials] == [
        span.serial(page) for page in gone
    ]
    seams = [tuple(one.pages) for one in found.of(Damage.APART)]
    assert seams == [(low, high) for low, high in pairwise(kept) if high - low > 1]
    assert kinds(found) <= {Damage.MISSING, Damage.APART}


@settings(deadline=None)
@given(SPANS, st.data())
def test_exactly_the_pages_that_lie_there_twice_are_repeated(span: Span, data: st.DataObject) -> None:
    times = data.draw(st.lists(st.integers(1, 3), min_size=span.pages, max_size=span.pages))
    found = binding.inspect(bound(span, [page for page, count in enumerate(times, 1) for _ in range(count)]))
    assert pages(found, Damage.REPEATED) == [page for page, count in enumerate(times, 1) if count > 1]
    assert kinds(found) <= {Damage.REPEATED}


@settings(deadline=None)
@given(SPANS, st.data())
def test_a_copy_put_in_anywhere_is_repeated_and_nothing_is_out_of_place(span: Span, data: st.DataObject) -> None:
    order = list(range(1, span.pages + 1))
    page, place = data.draw(st.integers(1, span.pages)), data.draw(st.integers(0, span.pages))
    order.insert(place, page)
    found = binding.inspect(bound(span, order))
    assert pages(found, Damage.REPEATED) == [page]
    assert found.of(Damage.MISSING) == found.of(Damage.MOVED) == ()


@settings(deadline=None)
@given(st.integers(3, 40), st.data())
def test_one_page_moved_far_enough_is_the_one_named(count: int, data: st.DataObject) -> None:
    order = list(range(1, count + 1))
    page, place = data.draw(st.integers(1, count)), data.draw(st.integers(0, count - 1))
    order.remove(page)
    order.insert(place, page)
    found = binding.inspect(bound(Span("HF-01", 2026, 7, count), order))
    if abs(place - (page - 1)) > 1:
        assert pages(found, Damage.MOVED) == [page]
        assert found.of(Damage.MOVED)[0].positions == (place + 1,)
    else:
        assert len(pages(found, Damage.MOVED)) == (place != page - 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 30), st.data())
def test_of_a_shuffled_book_the_fewest_pages_are_named_that_make_it_right(count: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(1, count + 1)))
    moved = pages(binding.inspect(bound(Span("HF-01", 2026, 7, count), order)), Damage.MOVED)
    rest = [page for page in order if page not in moved]
    assert rest == sorted(rest)
    assert len(rest) == longest_rising(order)


def longest_rising(order: Sequence[int]) -> int:
    best: list[int] = []
    for index, page in enumerate(order):
        best.append(1 + max((best[i] for i in range(index) if order[i] < page), default=0))
    return max(best)


@settings(deadline=None)
@given(SPANS, st.data())
def test_pages_of_other_books_are_named_and_change_nothing_else(span: Span, data: st.DataObject) -> None:
    other = replace(span, first=span.first + span.pages, pages=max(1, span.pages // 2))
    marks = [mark(span, page) for page in range(1, span.pages + 1)]
    strange = sorted(data.draw(st.sets(st.integers(1, other.pages), max_size=max(0, (span.pages - 1) // 2))))
    for page in strange:
        marks.insert(data.draw(st.integers(0, len(marks))), mark(other, page))
    found = binding.inspect(pile(*marks))
    named = {(one.positions[0], one.serials[0]) for one in found.of(Damage.FOREIGN)}
    assert named == {
        (place, one.serial) for place, one in enumerate(marks, 1) if one.serial in map(other.serial, strange)
    }
    assert kinds(found) <= {Damage.FOREIGN}


@settings(max_examples=150, deadline=None)
@given(st.integers(8, 40), st.data())
def test_random_damage_of_every_kind_is_named_exactly(count: int, data: st.DataObject) -> None:
    span = Span("HF-01", 2026, data.draw(st.integers(1, 500)), count)
    everyone = st.integers(1, count)
    gone = data.draw(st.sets(everyone, max_size=3))
    left = [page for page in range(1, count + 1) if page not in gone]
    twice = data.draw(st.sets(st.sampled_from(left), max_size=3))
    strange = data.draw(st.sets(st.integers(1, 3), max_size=2))
    marks = [mark(span, page) for page in left for _ in range(2 if page in twice else 1)]
    other = replace(span, first=span.first + 1000)
    for page in strange:
        marks.insert(data.draw(st.integers(0, len(marks))), mark(other, page))
    found = binding.inspect(pile(*marks))
    assert set(pages(found, Damage.MISSING)) == gone
    assert set(pages(found, Damage.REPEATED)) == twice
    assert {one.serials[0] for one in found.of(Damage.FOREIGN)} == {other.serial(page) for page in strange}
    assert found.of(Damage.MOVED) == ()


def test_covers_and_backs_without_a_code_do_not_make_a_book_damaged() -> None:
    marks = [mark(BOOK, page) for page in ALL]
    found = binding.inspect(pile(None, None, *marks, None))
    assert found.whole
    assert [one.positions for one in found.findings] == [(1, 2, 13)]


def test_blank_backs_do_not_part_neighbours() -> None:
    leaves = pile(*(one for page in (1, 2, 3) for one in (mark(BOOK, page), None)))
    assert binding.inspect(leaves).of(Damage.APART) == ()


def test_a_forged_page_is_damage() -> None:
    found = binding.inspect([*bound(BOOK, ALL), Leaf(11, None, "forged")])
    assert not found.whole
    assert "未通过校验" in found.findings[0].zh


def test_a_sheet_among_the_pages_is_foreign() -> None:
    sheet = PageMark("FX-01-2026-000001-0", 1, 1, 1, 1)
    found = binding.inspect([*bound(BOOK, ALL), Leaf(11, sheet, loose=True)])
    assert [one.zh for one in found.findings] == ["第 11 张是单页表单 FX-01-2026-000001-0,不是册页"]


def test_the_book_may_be_named_beforehand() -> None:
    found = binding.inspect(bound(OTHER, ALL), home=BOOK, names={BOOK: "HF-01-2026-C001", OTHER: "HF-01-2026-C002"})
    assert found.name == "HF-01-2026-C001"
    assert pages(found, Damage.MISSING) == ALL
    assert "HF-01-2026-C002 的第 1 页" in found.of(Damage.FOREIGN)[0].zh


def test_pages_known_to_be_elsewhere_are_not_missed() -> None:
    leaves = bound(BOOK, [3, 4, 6, 9])
    found = binding.inspect(leaves, elsewhere={1, 2, 5, 8, 10})
    assert pages(found, Damage.MISSING) == [7]
    assert [one.pages for one in found.of(Damage.APART)] == [(6, 9)]
    assert binding.inspect(leaves, elsewhere={1, 2, 5, 7, 8, 10}).whole


def test_a_scan_without_any_page_of_a_book_says_so() -> None:
    found = binding.inspect(pile(None, None))
    assert (found.span, found.whole) == (None, False)


def test_sentences_name_page_and_serial_in_both_languages() -> None:
    found = binding.inspect(bound(BOOK, [1, 9, 2, 3, 3, 7, 8, 10]))
    assert [(one.zh, one.en) for one in found.findings] == [
        (
            f"缺第 4–6 页({BOOK.serial(4)} – {BOOK.serial(6)}),共 3 页",
            f"pages 4–6 are missing ({BOOK.serial(4)} – {BOOK.serial(6)}), 3 pages",
        ),
        (
            f"第 3 页({BOOK.serial(3)})出现 2 次:第 4、5 张",
            f"page 3 ({BOOK.serial(3)}) is there 2 times: sheets 4, 5",
        ),
        (
            f"第 9 页({BOOK.serial(9)})不在原位:现为第 2 张,应在第 8 页之后",
            f"page 9 ({BOOK.serial(9)}) is out of place: it is sheet 2, it belongs after page 8",
        ),
        ("第 1、2 张(第 1 页与第 9 页)原不相邻", "sheets 1 and 2 (pages 1 and 9) were never neighbours"),
        ("第 2、3 张(第 9 页与第 2 页)原不相邻", "sheets 2 and 3 (pages 9 and 2) were never neighbours"),
        ("第 5、6 张(第 3 页与第 7 页)原不相邻", "sheets 5 and 6 (pages 3 and 7) were never neighbours"),
        ("第 7、8 张(第 8 页与第 10 页)原不相邻", "sheets 7 and 8 (pages 8 and 10) were never neighbours"),
    ]


def test_a_page_with_codes_that_are_not_its_own_was_put_in_later() -> None:
    leaves = [replace(leaf, links=Links.printed(SECRET, BOOK, leaf.position)) for leaf in bound(BOOK, ALL)]
    assert binding.inspect(leaves, secret=SECRET).whole
    leaves[4] = replace(leaves[4], links=Links("AAAA", "BBBB", "CCCC"))
    found = binding.inspect(leaves, secret=SECRET)
    assert [(one.kind, one.pages) for one in found.findings] == [(Damage.BROKEN_CHAIN, (5,))]


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_two_pages_alone_tell_whether_they_were_neighbours(low: int, high: int) -> None:
    span = Span("ZB-02", 2026, 1, 40)
    verdict = binding.neighbours(Links.printed(SECRET, span, low), Links.printed(SECRET, span, high))
    by_distance = {0: Verdict.SAME, 1: Verdict.NEXT, -1: Verdict.BEFORE}
    assert verdict == by_distance.get(high - low, Verdict.APART)


def test_pages_of_two_books_were_never_neighbours_even_with_consecutive_numbers() -> None:
    last, first = Links.printed(SECRET, BOOK, 10), Links.printed(SECRET, OTHER, 1)
    assert binding.neighbours(last, first) == Verdict.APART


def test_a_page_that_only_claims_to_be_a_neighbour_contradicts_the_other() -> None:
    real = Links.printed(SECRET, BOOK, 3)
    assert binding.neighbours(real, Links(real.own, "ZZZZ", "YYYY")) == Verdict.CONTRADICTORY
    assert binding.neighbours(real, Links("ZZZZ", real.own, "YYYY")) == Verdict.CONTRADICTORY


@pytest.mark.parametrize("text", ["ABCD EFGH IJKL", "abcd,efgh,ijkl", "ABCD-EFGH-IJKL", " ABCD、EFGH  IJKL "])
def test_codes_are_read_as_people_type_them(text: str) -> None:
    assert Links.read(text) == Links("ABCD", "EFGH", "IJKL")


@pytest.mark.parametrize("none", ["无", "0", "----", "-"])
def test_a_books_ends_have_no_neighbour(none: str) -> None:
    assert Links.read(f"{none} EFGH IJKL") == Links("----", "EFGH", "IJKL")


@pytest.mark.parametrize("text", ["", "ABCD", "ABCD EFGH", "ABCD EFGH IJK1", "ABCD 无 IJKL", "A B C"])
def test_anything_else_is_no_chain_code(text: str) -> None:
    with pytest.raises(BadChainCodes):
        Links.read(text)
