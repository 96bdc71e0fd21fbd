"""What scanned pages say of the book they were bound in: which are missing, repeated, moved, strange, never neighbours.

Nothing here asks the records. Pages of a book have consecutive numbers, so that any one page tells the whole range it
was printed in, and the chain codes (forms.books.chain) tell of two papers alone whether they lay next to each other.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from types import MappingProxyType

from forms import numbering
from forms.books import chain
from forms.marks import PageMark
from records.errors import OfficeError

_CODE = re.compile("[A-Z2-7]{4}")
_NONE = frozenset({"无", "0", "-", chain.NONE})


class BadChainCodes(OfficeError):
    """What was typed in is not the three short codes of a page."""

    code = "book.bad_chain_codes"
    zh = "链码应为三个(前页 本页 后页),如「ABCD EFGH IJKL」,首页之前和末页之后写「无」;读到的是:{text}"
    en = "Three chain codes are wanted (page before, this page, page after), 0 where there is none; this is: {text}"


@dataclass(frozen=True)
class Span:
    """The range a book was printed in: ``first`` number of ``pages`` consecutive ones of a form in a year."""

    form_code: str
    year: int
    first: int
    pages: int

    @classmethod
    def of(cls, mark: PageMark) -> Span:
        """The range that a page of a book stands in. Raises BadSerial."""
        parts = numbering.parse(mark.serial)
        return cls(parts.form_code, parts.year, parts.number - mark.page + 1, mark.pages)

    def serial(self, page: int) -> str:
        """The serial of a page, counted from 1."""
        return numbering.compose(self.form_code, self.year, self.first + page - 1)

    @property
    def text(self) -> str:
        """First and last serial."""
        return f"{self.serial(1)} – {self.serial(self.pages)}"


@dataclass(frozen=True)
class Links:
    """The chain codes printed on a page: of the page before it, its own, of the page after it."""

    before: str
    own: str
    after: str

    @classmethod
    def read(cls, text: str) -> Links:
        """The three codes as somebody typed them: with spaces, commas or hyphens. Raises BadChainCodes."""
        parts = re.split(r"[\s,;、，；/]+", text.strip().upper())
        parts = parts if len(parts) > 1 else parts[0].split("-")
        codes = [chain.NONE if part in _NONE else part for part in parts]
        known = all(code == chain.NONE or _CODE.fullmatch(code) for code in codes)
        if len(codes) != 3 or not known or codes[1] == chain.NONE:
            raise BadChainCodes(text=text.strip()[:60])
        return cls(*codes)

    @classmethod
    def printed(cls, secret: bytes, span: Span, page: int) -> Links:
        """The codes that a page of a book was printed with."""
        serials = [span.serial(one) if 1 <= one <= span.pages else None for one in (page - 1, page, page + 1)]
        return cls(*(chain.link(secret, serial) for serial in serials))


class Verdict(StrEnum):
    """What two pages say of each other."""

    NEXT = "next"
    BEFORE = "before"
    SAME = "same"
    APART = "apart"
    CONTRADICTORY = "contradictory"


VERDICTS: Mapping[Verdict, tuple[str, str]] = MappingProxyType(
    {
        Verdict.NEXT: ("两页相邻:第一张在前,第二张在后。", "They were neighbours: the first came before the second."),
        Verdict.BEFORE: ("两页相邻:第二张在前,第一张在后。", "They were neighbours: the second came before the first."),
        Verdict.SAME: ("两张是同一页。", "They are the same page."),
        Verdict.APART: ("两页从未相邻。", "They were never neighbours."),
        Verdict.CONTRADICTORY: (
            "两页的链码互相矛盾:至少有一张不是原来装订的页。",
            "Their codes contradict each other: at least one of them is not the page that was bound.",
        ),
    }
)


def neighbours(first: Links, second: Links) -> Verdict:
    """Whether two pages lay next to each other, by their printed codes alone.

    A code has 20 bits: pages that were no neighbours pass for such about once in 10^12, as both sides must agree.
    """
    if first == second:
        return Verdict.SAME
    for verdict, low, high in ((Verdict.NEXT, first, second), (Verdict.BEFORE, second, first)):
        if low.after == high.own and high.before == low.own:
            return verdict
    claims = (first.after == second.own, second.before == first.own, second.after == first.own)
    half = any((*claims, first.before == second.own, first.own == second.own))
    return Verdict.CONTRADICTORY if half else Verdict.APART


@dataclass(frozen=True)
class Leaf:
    """One scanned page, ``position`` in the scan from 1: its proven mark, or None and why (a key of scanning.codes).

    ``loose``: it belongs to no book (a sheet form's page). ``links``: the chain codes, where somebody read them.
    """

    position: int
    mark: PageMark | None
    reason: str = ""
    loose: bool = False
    links: Links | None = None


class Damage(StrEnum):
    """Kinds of findings, in the order in which they are told."""

    MISSING = "missing"
    REPEATED = "repeated"
    MOVED = "moved"
    FOREIGN = "foreign"
    APART = "apart"
    BROKEN_CHAIN = "broken_chain"
    NOT_OURS = "not_ours"
    NO_CODE = "no_code"


@dataclass(frozen=True)
class Finding:
    """One thing found: ``pages`` and ``serials`` it is about, ``positions`` in the scan, and a sentence for people."""

    kind: Damage
    pages: tuple[int, ...]
    serials: tuple[str, ...]
    positions: tuple[int, ...]
    zh: str
    en: str


@dataclass(frozen=True)
class Inspection:
    """What a scan says of the book that most of its pages belong to; ``span`` None: no page of a book was seen."""

    span: Span | None
    name: str
    seen: int
    findings: tuple[Finding, ...]

    def of(self, kind: Damage) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    @property
    def whole(self) -> bool:
        """Every page there once, in order, nothing else; covers and blank backs bear no code and do not count."""
        return self.span is not None and all(finding.kind == Damage.NO_CODE for finding in self.findings)


def inspect(
    leaves: Sequence[Leaf],
    *,
    home: Span | None = None,
    names: Mapping[Span, str] | None = None,
    secret: bytes | None = None,
    elsewhere: Collection[int] = (),
) -> Inspection:
    """Find what is wrong with a book from the pages of a scan, in the scan's order; any part of a book will do.

    ``home``: the book meant, otherwise the one that most pages belong to. ``names`` of books for the sentences;
    ``secret``: the page secret, to hold printed chain codes against; ``elsewhere``: pages known to be in another place
    (void, scanned before, still in the book), which are not missed here. Of pages in wrong order the fewest are named
    that make it right again. Raises BadSerial.
    """
    bound = [(leaf, Span.of(leaf.mark)) for leaf in leaves if leaf.mark is not None and not leaf.loose]
    span = home or _most(bound)
    look = _Look(span, names or {}, leaves, {leaf.position: where for leaf, where in bound})
    findings: list[Finding] = []
    if span is not None:
        mine = [leaf for leaf, where in bound if where == span]
        findings += [*_missing(span, mine, elsewhere), *_repeated_and_moved(span, mine)]
        findings += [*look.apart(elsewhere), *_chained(mine, secret)]
    findings += [*look.foreign(), *look.unread()]
    findings.sort(key=_place_in_report)
    return Inspection(span, look.name(span) if span else "", len(leaves), tuple(findings))


def _place_in_report(finding: Finding) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """By kind; then by page, except that seams are told as they lie in the scan."""
    pages = () if finding.kind == Damage.APART else finding.pages
    return list(Damage).index(finding.kind), pages, finding.positions


def _most(bound: Iterable[tuple[Leaf, Span]]) -> Span | None:
    """The book with most different pages; of equals the one seen first."""
    pages: dict[Span, set[str]] = defaultdict(set)
    for leaf, span in bound:
        assert leaf.mark is not None
        pages[span].add(leaf.mark.serial)
    return max(pages, key=lambda span: len(pages[span]), default=None)


def _page(leaf: Leaf) -> int:
    assert leaf.mark is not None
    return leaf.mark.page


def _missing(span: Span, mine: Sequence[Leaf], elsewhere: Collection[int]) -> Iterator[Finding]:
    """Pages of the book that no leaf shows; neighbours are told together."""
    gone = sorted(set(range(1, span.pages + 1)) - {_page(leaf) for leaf in mine} - set(elsewhere))
    for _, group in groupby(enumerate(gone), key=lambda pair: pair[1] - pair[0]):
        run = tuple(page for _, page in group)
        serials = tuple(map(span.serial, run))
        if len(run) == 1:
            zh, en = f"缺第 {run[0]} 页({serials[0]})", f"page {run[0]} is missing ({serials[0]})"
        else:
            ends = f"({serials[0]} – {serials[-1]})"
            zh = f"缺第 {run[0]}–{run[-1]} 页{ends},共 {len(run)} 页"
            en = f"pages {run[0]}–{run[-1]} are missing {ends}, {len(run)} pages"
        yield Finding(Damage.MISSING, run, serials, (), zh, en)


def _repeated_and_moved(span: Span, mine: Sequence[Leaf]) -> Iterator[Finding]:
    """Pages seen more than once, and pages out of their place: those outside the longest run in order."""
    places: dict[int, list[int]] = defaultdict(list)
    for leaf in mine:
        places[_page(leaf)].append(leaf.position)
    kept = sorted(_page(mine[index]) for index in longest_run([_page(leaf) for leaf in mine]))
    for page, positions in sorted(places.items()):
        serial = span.serial(page)
        if len(positions) > 1:
            zh = f"第 {page} 页({serial})出现 {len(positions)} 次:第 {_listed(positions)} 张"
            en = f"page {page} ({serial}) is there {len(positions)} times: sheets {_listed(positions, ', ')}"
            yield Finding(Damage.REPEATED, (page,), (serial,), tuple(positions), zh, en)
        if page not in kept:
            after = bisect_left(kept, page)
            zh_place = f"应在第 {kept[after - 1]} 页之后" if after else "应在最前"
            en_place = f"it belongs after page {kept[after - 1]}" if after else "it belongs first"
            zh = f"第 {page} 页({serial})不在原位:现为第 {positions[0]} 张,{zh_place}"
            en = f"page {page} ({serial}) is out of place: it is sheet {positions[0]}, {en_place}"
            yield Finding(Damage.MOVED, (page,), (serial,), tuple(positions[:1]), zh, en)


def longest_run(pages: Sequence[int]) -> list[int]:
    """Indexes of a longest strictly rising run of these page numbers."""
    tops: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for index, page in enumerate(pages):
        place = bisect_left(tops, page)
        previous.append(ends[place - 1] if place else -1)
        tops[place : place + 1], ends[place : place + 1] = [page], [index]
    found: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(index)
        index = previous[index]
    return found[::-1]


def _chained(mine: Sequence[Leaf], secret: bytes | None) -> Iterator[Finding]:
    """Pages whose printed codes are not those of their number: put in later, or copied onto a false number."""
    for leaf in mine:
        if leaf.links is None or leaf.mark is None or secret is None:
            continue
        if leaf.links != Links.printed(secret, Span.of(leaf.mark), leaf.mark.page):
            page, serial = leaf.mark.page, leaf.mark.serial
            zh = f"第 {page} 页({serial})上的链码与编号不符,不是原来装订的页"
            en = f"the chain codes on page {page} ({serial}) are not those of its number: it is not the page bound here"
            yield Finding(Damage.BROKEN_CHAIN, (page,), (serial,), (leaf.position,), zh, en)


def _close(low: int, high: int, elsewhere: Collection[int]) -> bool:
    """Whether these pages were neighbours, or only what is known to be elsewhere lay between them."""
    return abs(low - high) <= 1 or (low < high and all(page in elsewhere for page in range(low + 1, high)))


@dataclass(frozen=True)
class _Look:
    """The scan as a whole: which leaf belongs to which book, and what books are called."""

    span: Span | None
    names: Mapping[Span, str]
    leaves: Sequence[Leaf]
    spans: Mapping[int, Span]

    def name(self, span: Span) -> str:
        """The book's number where it is known, otherwise its range."""
        return self.names.get(span) or span.text

    def apart(self, elsewhere: Collection[int]) -> Iterator[Finding]:
        """Pages that lie next to each other in the scan and were never neighbours, nor have lost what was between."""
        coded = [leaf for leaf in self.leaves if leaf.reason != "no_code"]
        for low, high in pairwise(coded):
            same = self.spans.get(low.position) == self.spans.get(high.position) == self.span
            if not same or low.mark is None or high.mark is None or _close(low.mark.page, high.mark.page, elsewhere):
                continue
            pages, positions = (low.mark.page, high.mark.page), (low.position, high.position)
            zh = f"第 {positions[0]}、{positions[1]} 张(第 {pages[0]} 页与第 {pages[1]} 页)原不相邻"
            en = f"sheets {positions[0]} and {positions[1]} (pages {pages[0]} and {pages[1]}) were never neighbours"
            yield Finding(Damage.APART, pages, (low.mark.serial, high.mark.serial), positions, zh, en)

    def foreign(self) -> Iterator[Finding]:
        """Pages of other books, and of sheets."""
        for leaf in self.leaves:
            where = self.spans.get(leaf.position)
            if leaf.mark is None or (where is not None and where == self.span):
                continue
            page, serial = leaf.mark.page, leaf.mark.serial
            zh = f"第 {leaf.position} 张是单页表单 {serial},不是册页"
            en = f"sheet {leaf.position} is the sheet form {serial}, no page of a book"
            if where is not None:
                name = self.name(where)
                zh = f"第 {leaf.position} 张不属于本册:是 {name} 的第 {page} 页({serial})"
                en = f"sheet {leaf.position} is not of this book: it is page {page} of {name} ({serial})"
            yield Finding(Damage.FOREIGN, (page,), (serial,), (leaf.position,), zh, en)

    def unread(self) -> Iterator[Finding]:
        """Leaves without a proven mark: without any code (covers, backs), or with one that is not ours."""
        blank = [leaf.position for leaf in self.leaves if leaf.mark is None and leaf.reason == "no_code"]
        if blank:
            zh = f"第 {_listed(blank)} 张没有编号码(封面、领用签收页、书末页和空白背面没有编号)"
            en = f"no code on sheets {_listed(blank, ', ')} (cover, sign-for page, colophon and blank backs have none)"
            yield Finding(Damage.NO_CODE, (), (), tuple(blank), zh, en)
        for leaf in self.leaves:
            if leaf.mark is None and leaf.reason != "no_code":
                why_zh, why_en = _WHY.get(leaf.reason, ("不能识别", "it cannot be read"))
                zh, en = f"第 {leaf.position} 张{why_zh}", f"sheet {leaf.position}: {why_en}"
                yield Finding(Damage.NOT_OURS, (), (), (leaf.position,), zh, en)


_WHY = {
    "foreign": ("上的码不是本系统的", "its code is another system's"),
    "forged": ("上的码未通过校验,不是本处印制", "its code fails its proof: it was not printed here"),
    "two_codes": ("上有两个不同的编号", "it bears two different numbers"),
    "unreadable": ("无法打开", "it cannot be opened"),
}


def _listed(numbers: Iterable[int], comma: str = "、") -> str:
    return comma.join(map(str, numbers))
