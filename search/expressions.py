"""What a question means, before any engine: a small tree, and the part of it that an index of tokens can answer.

Tokens answer exactly; a fragment of three characters or more, and a span of days, do not: for them the index gives a
superset (``upper``) or a subset (``lower``), and the rows decide the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from search.analysis import begins, is_han, run_tokens


@dataclass(frozen=True)
class Token:
    """Documents with a token, or with one that begins so."""

    text: str
    prefix: bool = False


@dataclass(frozen=True)
class Fragment:
    """Documents whose ``column`` holds this text, in normal form; they have all of ``tokens``."""

    column: Literal["words", "owners"]
    text: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Span:
    """Documents from one place to another, both included: a range of days."""

    first: int
    last: int


@dataclass(frozen=True)
class Scope:
    """Documents of any of these dossiers, and of the office's own series where ``series``: more than tokens serve."""

    dossiers: tuple[int, ...]
    series: bool


@dataclass(frozen=True)
class Every:
    """Documents that are in every one; of none: all documents."""

    children: tuple[Expression, ...]


@dataclass(frozen=True)
class Either:
    """Documents that are in at least one; of none: no document."""

    children: tuple[Expression, ...]


@dataclass(frozen=True)
class Without:
    """All documents but these."""

    child: Expression


Expression = Token | Fragment | Span | Scope | Every | Either | Without

EVERYTHING = Every(())
NOTHING = Either(())


def every(children: Iterable[Expression]) -> Expression:
    """All of them, without needless levels."""
    flat: list[Expression] = []
    for child in children:
        flat.extend(child.children if isinstance(child, Every) else [child])
    if NOTHING in flat:
        return NOTHING
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Every(unique)


def either(children: Iterable[Expression]) -> Expression:
    """Any of them, without needless levels."""
    flat: list[Expression] = []
    for child in children:
        flat.extend(child.children if isinstance(child, Either) else [child])
    if EVERYTHING in flat:
        return EVERYTHING
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Either(unique)


def without(child: Expression) -> Expression:
    """All but these, without needless levels."""
    if isinstance(child, Without):
        return child.child
    if child == EVERYTHING:
        return NOTHING
    return EVERYTHING if child == NOTHING else Without(child)


def fragment(column: Literal["words", "owners"], text: str) -> Expression:
    """The expression of a text in fragment form; ``NOTHING`` of an empty one.

    >>> fragment("words", "漏水"), fragment("owners", "张")
    (Token(text='漏水', prefix=False), Token(text='o§张', prefix=False))
    >>> fragment("words", "漏")
    Token(text='漏', prefix=True)
    """
    tag = "o§" if column == "owners" else ""
    parts = text.split()
    asked = dict.fromkeys(token for part in parts for token in run_tokens(part))
    tokens = tuple(Token(tag + token, prefix=not tag and begins(token)) for token in asked)
    if not parts:
        return NOTHING
    if len(parts) == 1 and (len(parts[0]) <= 2 or not is_han(parts[0])):
        return tokens[0]
    return Fragment(column, text, tokens)


def upper(expression: Expression) -> Expression:
    """The smallest superset that tokens alone can name."""
    match expression:
        case Token():
            return expression
        case Fragment(tokens=tokens):
            return every(tokens)
        case Span() | Scope():
            return EVERYTHING
        case Every(children):
            return every(upper(child) for child in children)
        case Either(children):
            return either(upper(child) for child in children)
        case Without(child):
            return without(lower(child))


def lower(expression: Expression) -> Expression:
    """The largest subset that tokens alone can name."""
    match expression:
        case Token():
            return expression
        case Fragment() | Span() | Scope():
            return NOTHING
        case Every(children):
            return every(lower(child) for child in children)
        case Either(children):
            return either(lower(child) for child in children)
        case Without(child):
            return without(upper(child))


def is_exact(expression: Expression) -> bool:
    """Whether tokens alone decide it."""
    match expression:
        case Token():
            return True
        case Fragment() | Span() | Scope():
            return False
        case Every(children) | Either(children):
            return all(is_exact(child) for child in children)
        case Without(child):
            return is_exact(child)


def wanted(expression: Expression) -> Iterator[Token | Fragment]:
    """The leaves that a hit may show: everything asked for, nothing that was excluded."""
    match expression:
        case Token() | Fragment():
            yield expression
        case Every(children) | Either(children):
            for child in children:
                yield from wanted(child)
        case _:
            return
