"""Why a document was found: in which of its fields what was asked for stands, or which fact about it was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from search import analysis
from search.expressions import Either, Every, Expression, Fragment, Span, Token
from search.snippets import Readable
from search.sources import Source

#: The fields in the order in which they are told. "text" is what was entered, recognised or printed on the pages.
FIELDS = ("title", "form", "serial", "unit", "owner", "date", "series", "section", "state", "text")
_TAGGED = {"f": "form", "p": "series", "s": "section", "a": "state", "o": "owner", "q": "owner", "h": "owner"}


def reasons(source: Source, meaning: Expression | None) -> tuple[str, ...]:
    """The fields by which this document answers a question, each once; of what was excluded none."""
    if meaning is None:
        return ()
    shown = _shown(source)
    found = {field for leaf in _leaves(meaning) for field in _fields(source, shown, leaf)}
    return tuple(field for field in FIELDS if field in found)


def _leaves(expression: Expression) -> Iterator[Token | Fragment | Span]:
    match expression:
        case Token() | Fragment() | Span():
            yield expression
        case Every(children) | Either(children):
            for child in children:
                yield from _leaves(child)
        case _:
            return


def _shown(source: Source) -> list[tuple[str, Readable]]:
    """The texts of a document with the field each stands in."""
    known = {source.title, source.serial, source.unit_code, *source.owners, *source.numbers}
    texts = [
        ("title", source.title), ("serial", source.serial), ("unit", source.unit_code),
        *(("owner", name) for name in source.owners), *(("text", text) for text in source.texts if text not in known),
    ]  # fmt: skip
    return [(field, Readable(text)) for field, text in texts if text]


def _fields(source: Source, shown: Iterable[tuple[str, Readable]], leaf: Token | Fragment | Span) -> Iterator[str]:
    if isinstance(leaf, Span):
        if leaf.first <= source.place <= leaf.last:
            yield "date"
        return
    tag, mark, _rest = leaf.text.partition("§")
    if mark and isinstance(leaf, Token):
        yield from _facts(source, leaf, tag)
    yield from (field for field, text in shown if text.spans(leaf))


def _facts(source: Source, leaf: Token, tag: str) -> Iterator[str]:
    """The fact about the document that a tagged token names, if it is this document's."""
    own = _own_tokens(source, tag)
    if any(token.startswith(leaf.text) if leaf.prefix else token == leaf.text for token in own):
        yield _TAGGED.get(tag) or {"u": "unit", "m": "unit", "y": "date"}.get(tag, "serial")


def _own_tokens(source: Source, tag: str) -> set[str]:
    return set(_OWN.get(tag, _serial_tokens)(source))


def _serial_tokens(source: Source) -> Iterable[str]:
    return analysis.serial_tokens(source.serial) if source.serial else ()


def _unit_tokens(source: Source) -> Iterable[str]:
    return analysis.unit_tokens(source.unit_code) if source.unit_code else ()


def _owner_tokens(source: Source) -> Iterable[str]:
    return analysis.owner_tokens(analysis.fold("\n|\n".join(source.owners)))


_OWN: Mapping[str, Callable[[Source], Iterable[str]]] = {
    "d": lambda _one: (),
    "u": _unit_tokens,
    "m": _unit_tokens,
    "o": _owner_tokens,
    "q": _owner_tokens,
    "h": lambda one: (token for number in one.numbers for token in analysis.number_tokens(number)),
    "y": lambda one: [analysis.mentioned_date(one.dated)],
    "f": lambda one: [analysis.form_token(one.form_code)],
    "p": lambda one: analysis.series_tokens(one.form_code, one.series),
    "a": lambda one: [analysis.state_token(state) for state in one.states],
    "s": lambda one: [analysis.section_token(one.section)] if one.section else (),
}
