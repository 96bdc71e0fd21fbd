"""Why a document was found: a window of its raw text with the hits marked, as parts and never as HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

from search import analysis
from search.characters import simplify
from search.expressions import Expression, Fragment, Token, wanted

#: Characters of raw text in a snippet, about.
WIDTH = 120
_LEAD = 24

Part = tuple[str, bool]


class Readable:
    """A raw text made ready to be looked through: folded once, however often it is asked."""

    def __init__(self, raw: str) -> None:
        self.raw = raw[: analysis.LONGEST_TEXT]
        self._folded = self.raw.translate(_PLAIN)

    def spans(self, meaning: Expression) -> list[tuple[int, int]]:
        """Where the raw text shows what was asked for, from and until which character."""
        found: list[tuple[int, int]] = []
        tokens = set()
        for leaf in wanted(meaning):
            tokens.add(leaf.text)
            pattern = _pattern(leaf)
            found += [match.span() for match in pattern.finditer(self._folded)] if pattern else []
        if any("§" in token for token in tokens):
            found += [(one.start, one.end) for one in self._specials if _asked(one.token, tokens)]
        return [(self._origin[start], self._origin[end - 1] + 1) for start, end in found if end > start]

    @cached_property
    def _specials(self) -> list[analysis.Special]:
        return analysis.specials(self._folded)

    @cached_property
    def _origin(self) -> Sequence[int]:
        """For each folded character where it came from: some become several."""
        if len(self._folded) == len(self.raw):
            return range(len(self.raw))
        return [place for place, character in enumerate(self.raw) for _ in character.translate(_PLAIN)]


def snippet(texts: Sequence[str], meaning: Expression | None) -> tuple[Part, ...]:
    """The text around the most of what was asked for, as (text, is a hit); the beginning where no hit shows.

    ``texts`` as in ``Source.texts``. A document may be found by its unit, date or form and show no hit at all.
    """
    readable = Readable(" · ".join(" ".join(text.split()) for text in texts))
    raw = readable.raw
    hits = _merged(readable.spans(meaning)) if meaning is not None else []
    start, end = _window(raw, hits)
    parts: list[Part] = []
    at = start
    for first, last in hits:
        if first >= end or last <= start:
            continue
        parts += [(raw[at:first], False), (raw[first:last], True)]
        at = last
    parts.append((raw[at : max(at, end)], False))
    shown = [part for part in parts if part[0]]
    return (*([("…", False)] if start else []), *shown, *([("…", False)] if end < len(raw) else []))


def marked(text: str, meaning: Expression | None) -> tuple[Part, ...]:
    """A short text whole, as (text, is a hit)."""
    parts: list[Part] = []
    at = 0
    for first, last in _merged(Readable(text).spans(meaning)) if meaning is not None else []:
        parts += [(text[at:first], False), (text[first:last], True)]
        at = last
    return tuple(part for part in [*parts, (text[at:], False)] if part[0])


def _asked(token: str, tokens: set[str]) -> bool:
    tag, _, rest = token.partition("§")
    return token in tokens or (tag == "m" and f"u§{rest}" in tokens) or (tag == "r" and f"n§{rest}" in tokens)


class _Plain(dict[int, str]):
    """Each character as it is compared: width, case and traditional shape folded; kept once it was met."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        plain = simplify((character if number < 128 else unicodedata.normalize("NFKC", character)).lower())
        self[number] = plain
        return plain


_PLAIN = _Plain()


@lru_cache(maxsize=1 << 8)
def _pattern(leaf: Token | Fragment) -> re.Pattern[str] | None:
    """A pattern of a fragment in folded raw text, where spaces may part characters; None for facts about it."""
    text = leaf.text.removeprefix("o§")
    if "§" in text:
        return None
    parts = [r"\s*".join(part) if analysis.is_han(part) else re.escape(part) for part in text.split()]
    if not parts:
        return None
    # A letter or digit may stand right beside a Chinese character: 12栋.
    before = "" if analysis.is_han(text.strip()) else "(?<![0-9a-z])"
    open_end = analysis.is_han(text.split()[-1]) or (isinstance(leaf, Token) and leaf.prefix)
    after = "" if open_end else "(?![0-9a-z])"
    return re.compile(before + r"[\W_]*".join(parts) + after)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _window(raw: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The stretch of text that shows the most different hits; the earliest of equals."""
    best, most = 0, 0
    for start, _ in spans:
        inside = {raw[first:last] for first, last in spans if start <= first and last <= start + WIDTH - _LEAD}
        if len(inside) > most:
            best, most = max(0, start - _LEAD), len(inside)
    return best, min(len(raw), best + WIDTH)
