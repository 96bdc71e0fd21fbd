"""Why a document was found: a window of its raw text with the hits marked, as parts and never as HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from search import analysis
from search.characters import simplify
from search.expressions import Expression, Fragment, Token, wanted

#: Characters of raw text in a snippet, about.
WIDTH = 120
_LEAD = 24

Part = tuple[str, bool]


def snippet(texts: Sequence[str], meaning: Expression | None) -> tuple[Part, ...]:
    """The text around the most of what was asked for, as (text, is a hit); the beginning where no hit shows.

    ``texts`` as in ``Source.texts``. A document may be found by its unit, date or form and show no hit at all.
    """
    raw = " · ".join(" ".join(text.split()) for text in texts)[: analysis.LONGEST_TEXT]
    hits = _merged(spans(raw, meaning)) if meaning is not None else []
    start, end = _window(raw, hits)
    parts: list[Part] = []
    at = start
    for first, last in hits:
        if first >= end or last <= start:
            continue
        parts += [(raw[at:first], False), (raw[first:last], True)]
        at = last
    parts.append((raw[at : max(at, end)], False))
    shown = [(text, hit) for text, hit in parts if text]
    return (*([("…", False)] if start else []), *shown, *([("…", False)] if end < len(raw) else []))


def marked(text: str, meaning: Expression | None) -> tuple[Part, ...]:
    """A short text whole, as (text, is a hit)."""
    parts: list[Part] = []
    at = 0
    for first, last in _merged(spans(text, meaning)) if meaning is not None else []:
        parts += [(text[at:first], False), (text[first:last], True)]
        at = last
    return tuple(part for part in [*parts, (text[at:], False)] if part[0])


def spans(raw: str, meaning: Expression) -> list[tuple[int, int]]:
    """Where the raw text shows what was asked for, from and until which character."""
    folded, origin = _folded(raw)
    found: list[tuple[int, int]] = []
    tokens = set()
    for leaf in wanted(meaning):
        tokens.add(leaf.text)
        pattern = _pattern(leaf)
        found += [match.span() for match in pattern.finditer(folded)] if pattern else []
    found += [(special.start, special.end) for special in analysis.specials(folded) if _asked(special.token, tokens)]
    return [(origin[start], origin[end - 1] + 1) for start, end in found if end > start]


def _asked(token: str, tokens: set[str]) -> bool:
    tag, _, rest = token.partition("§")
    return token in tokens or (tag == "m" and f"u§{rest}" in tokens) or (tag == "r" and f"n§{rest}" in tokens)


def _folded(raw: str) -> tuple[str, Sequence[int]]:
    """The text folded character by character, and for each folded character where it came from."""
    folded = [_plain(character) for character in raw]
    whole = "".join(folded)
    if len(whole) == len(raw):
        return whole, range(len(raw))
    return whole, [place for place, plain in enumerate(folded) for _ in plain]


@lru_cache(maxsize=1 << 16)
def _plain(character: str) -> str:
    return simplify((character if character.isascii() else unicodedata.normalize("NFKC", character)).lower())


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
