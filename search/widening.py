"""When nothing was found: the same question with less in it that does find something one may know of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from sqlalchemy.orm import Session

from search.asking import Visible
from search.index import Index
from search.results import finds_anything

_MOST_TRIED = 8
_MOST_TOLD = 3
_DATE = re.compile(r"(?<!\w)(?:日期|date)\s*[:：]\s*(?:[\[{［｛][^\]}］｝]*[\]}］｝]|[<>=]*\S+)", re.IGNORECASE)
_QUOTED = re.compile(r'["“”「」『』＂]')
_PIECE = re.compile(r'"[^"]*"|[\[{][^\]}]*[\]}]|\S+')
#: Without a word beside it an operator says nothing.
_OPERATORS = frozenset(["且", "并且", "或", "或者", "非", "AND", "OR", "NOT", "&&", "||"])

Kind = Literal["dates", "phrase", "words"]


@dataclass(frozen=True)
class Wider:
    """A wider question, and what was left out of it: the dates, the quotes, or a word."""

    kind: Kind
    text: str


def wider(session: Session, index: Index, text: str, *, visible: Visible) -> list[Wider]:
    """The first few wider questions that find something. Never more than the asker may know of."""
    tried = islice(_less(text), _MOST_TRIED)
    return list(islice((one for one in tried if finds_anything(session, index, one.text, visible)), _MOST_TOLD))


def undated(text: str) -> str:
    """The question without its dates."""
    return _tidy(_DATE.sub(" ", text))


def _less(text: str) -> Iterator[Wider]:
    whole = " ".join(text.split())
    told: set[str] = {whole, ""}
    for one in _ways(whole):
        if one.text not in told:
            told.add(one.text)
            yield one


def _ways(text: str) -> Iterator[Wider]:
    yield Wider("dates", undated(text))
    yield Wider("phrase", _tidy(_QUOTED.sub(" ", text)))
    pieces = [piece for piece in _PIECE.findall(text) if piece not in _OPERATORS]
    if "(" in text or len(pieces) < 2:
        return
    for place in range(len(pieces) - 1, -1, -1):
        yield Wider("words", " ".join(pieces[:place] + pieces[place + 1 :]))


def _tidy(text: str) -> str:
    pieces = text.split()
    while pieces and pieces[-1] in _OPERATORS:
        pieces.pop()
    while pieces and pieces[0] in _OPERATORS - {"非", "NOT"}:
        pieces.pop(0)
    return " ".join(pieces)
