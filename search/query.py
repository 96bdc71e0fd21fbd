"""The language of questions: Whoosh's parser reads it, and its tree becomes an expression that any engine can answer.

No text of the asker's reaches an engine's own syntax. A broken question is understood as far as it goes, and what was
left out is named.

    单元:3-2-1201 且 (漏水 或 渗水) 非 "已结案" 日期:[2026-01 至 2026-03]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from whoosh.qparser import plugins as _plugins
from whoosh.qparser.default import QueryParser
from whoosh.query.compound import And, Or
from whoosh.query.positional import Phrase
from whoosh.query.ranges import TermRange
from whoosh.query.terms import Prefix, Term
from whoosh.query.wrappers import Not

from search import leaves
from search.expressions import Expression, Span, either, every, without
from search.index import Index

# Whoosh says that it is typed; its plug-ins are not.
plugins: Any = _plugins

LONGEST_QUESTION = 500
MOST_LEAVES = 64

_FIELDS = {
    "单元": "unit", "房号": "unit", "unit": "unit",
    "业主": "owner", "姓名": "owner", "owner": "owner",
    "表单": "form", "form": "form",
    "编号": "serial", "serial": "serial",
    "日期": "date", "date": "date",
    "类别": "series", "series": "series",
    "目录": "section", "section": "section",
    "状态": "state", "state": "state",
}  # fmt: skip
#: What is left out when it is no such thing: nobody looks for these words in a text.
_NEVER_IN_TEXT = {
    "date": ("不是日期,已略去", "is no date and was left out"),
    "state": (
        "不是状态,已略去(可用:在用、原业主、业务记录、缺签名、签名齐全)",
        "is no state and was left out (open, closed, office, unsigned, signed)",
    ),
}
_INFIX = {"AND": "AND", "&&": "AND", "且": "AND", "并且": "AND", "OR": "OR", "||": "OR", "或": "OR", "或者": "OR"}
_PREFIX = {"NOT", "非"}
_QUOTES = str.maketrans(dict.fromkeys("“”„「」『』＂", '"'))
_RANGE = re.compile(r"(?P<open>\{|\[)(?P<start>[^\]}\[{]*?)(?:\b[Tt][Oo]\b|至|到|~)(?P<end>[^\]}\[{]*?)(?P<close>}|\])")
_EMPTY_FIELD = re.compile(rf"(?<!\w)((?i:{'|'.join(_FIELDS)}))\s*:\s*[<>=]*\s*(?=\)|$)")
_SPACED = re.compile(
    r"(?<![0-9])1[0-9]{2} [0-9]{4} [0-9]{4}(?![0-9])"
    r"|(?<![0-9A-Za-z])(?:[0-9]{1,3}|[A-Za-z][0-9]{0,2}|[一二三四五六七八九十]{1,3}) ?(?:栋|幢|座|号楼|#) ?"
    r"(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3}) ?(?:单元|门|-) ?[0-9]{3,4}(?![0-9])"
)
_PIECE = re.compile(r'[^\s"]*"[^"]*"|\S+')


@dataclass(frozen=True)
class Ignored:
    """Something in the question that was not followed, and what was done instead, in both languages."""

    text: str
    zh: str
    en: str


@dataclass(frozen=True)
class Question:
    """What was asked: its meaning (None when nothing is left of it), and what was left out."""

    meaning: Expression | None
    ignored: tuple[Ignored, ...]


def understand(index: Index, text: str) -> Question:
    """The meaning of a question. Raises nothing: whatever was typed means something, if only nothing."""
    reader = _Reader(index)
    clean = reader.tidied(_joined(unicodedata.normalize("NFKC", text).translate(_QUOTES)))
    try:
        meaning = reader.read(_PARSER.parse(clean, normalize=False))
    except (AttributeError, IndexError, RecursionError, TypeError, ValueError):
        # The parser is somebody else's and this is whatever anybody types: take it as plain words.
        reader.ignore(clean, "写法无法理解,已按普通词语查找", "could not be read as a query; searched as plain words")
        meaning = reader.all_of(leaves.anywhere(index, word) for word in re.split(r'[\s()":]+', clean) if word)
    return Question(meaning, tuple(dict.fromkeys(reader.ignored)))


def _joined(text: str) -> str:
    """Without the spaces inside a telephone number or a unit, which would part it into words."""
    return _SPACED.sub(lambda match: re.sub(r"\s", "", match.group()), text)


def _parser() -> QueryParser:
    names = "|".join(_FIELDS)
    return QueryParser(
        "",
        None,
        plugins=[
            plugins.FieldsPlugin(rf"(?<!\w)(?P<text>(?i:{names}))\s*:\s*", remove_unknown=False),
            plugins.PhrasePlugin(),
            plugins.RangePlugin(_RANGE),
            plugins.GtLtPlugin(r"(?<=:)\s*(?P<rel>(<=|>=|<|>|=<|=>))\s*"),
            plugins.GroupPlugin(),
            plugins.OperatorsPlugin(
                And=r"(?<=[\s)])(?:AND|&&|且|并且)(?=[\s(])",
                Or=r"(?<=[\s)])(?:OR|\|\||或|或者)(?=[\s(])",
                Not=r'(^|(?<=[\s(]))(?:(?:NOT|非)(?=[\s("])|-(?=[^\s-]))\s*',
                AndNot=None,
                AndMaybe=None,
                Require=None,
            ),
            plugins.PrefixPlugin(r'(?P<text>[^\s*()"\[\]{}:]+)[*](?=\s|$|\))'),
        ],
    )


_PARSER = _parser()


@dataclass
class _Reader:
    """Reads one parsed question; keeps what it had to leave out."""

    index: Index
    ignored: list[Ignored] = field(default_factory=list)
    _leaves: int = 0

    def ignore(self, text: str, zh: str, en: str) -> None:
        shown = text.strip()[:60]
        self.ignored.append(Ignored(shown, f"「{shown}」{zh}", f"“{shown}” {en}"))

    def tidied(self, text: str) -> str:
        """The question with its quotes and operators in pairs, so that the parser drops nothing in silence."""
        if len(text) > LONGEST_QUESTION:
            self.ignore(text[LONGEST_QUESTION:], "超出查询长度", "is beyond the longest query")
            text = text[:LONGEST_QUESTION]
        if text.count('"') % 2:
            head, _, tail = text.rpartition('"')
            self.ignore('"' + tail, "缺少另一个引号,按普通词语查找", "lacks its other quote; searched as plain words")
            text = f"{head} {tail}"
        bare = re.sub(r'"[^"]*"', "", text)
        if bare.count("(") != bare.count(")"):
            self.ignore("()", "括号不成对", "brackets are not in pairs")
        for name in _EMPTY_FIELD.findall(text):
            self.ignore(name + ":", "后面没有内容", "has nothing after it")
        return self._paired(_PIECE.findall(_EMPTY_FIELD.sub("", text)))

    def _paired(self, pieces: list[str]) -> str:
        kept: list[str] = []
        for piece in pieces:
            follows_nothing = not kept or kept[-1].endswith("(") or kept[-1] in _INFIX or kept[-1] in _PREFIX
            if piece in _PREFIX and kept and kept[-1] in _PREFIX:
                kept.pop()
            elif piece in _INFIX and follows_nothing:
                self._ignore_operator(piece)
            else:
                kept.append(piece)
        while kept and (kept[-1] in _INFIX or kept[-1] in _PREFIX):
            self._ignore_operator(kept.pop())
        return " ".join(kept)

    def _ignore_operator(self, operator: str) -> None:
        self.ignore(operator, "前后缺少词语", "lacks a word before or after it")

    def read(self, node: Any) -> Expression | None:
        """The expression of a node of Whoosh's tree; None when nothing of it could be followed."""
        meaning: Expression | None = None
        match node:
            case And():
                meaning = self.all_of(self.read(child) for child in node.subqueries)
            case Or():
                known = [child for child in map(self.read, node.subqueries) if child is not None]
                meaning = either(known) if known else None
            case Not():
                child = self.read(node.query)
                meaning = None if child is None else without(child)
            case Phrase():
                meaning = self._leaf(node.fieldname, " ".join(node.words), leaves.phrase)
            case Prefix():
                meaning = self._leaf(node.fieldname, node.text, leaves.beginning)
            case Term():
                meaning = self._leaf(node.fieldname, node.text, leaves.anywhere)
            case TermRange():
                meaning = self._range(node)
        return meaning

    def all_of(self, children: Iterable[Expression | None]) -> Expression | None:
        """All that could be followed of these; None when nothing could."""
        known = [child for child in children if child is not None]
        return every(known) if known else None

    def _leaf(self, name: str, text: str, unfielded: Callable[[Index, str], Expression | None]) -> Expression | None:
        self._leaves += 1
        if self._leaves > MOST_LEAVES:
            self.ignore(text, f"超出查询词数({MOST_LEAVES})", f"is beyond the {MOST_LEAVES} words of a query")
            return None
        if name:
            fielded = leaves.FIELDED[_FIELDS[name.lower()]](self.index, text)
            if fielded is not None:
                return fielded
            if _FIELDS[name.lower()] in _NEVER_IN_TEXT:
                self.ignore(f"{name}:{text}", *_NEVER_IN_TEXT[_FIELDS[name.lower()]])
                return None
            self.ignore(f"{name}:{text}", "无法按此项查找,已在全文中查找", "is no such thing; searched everywhere")
        meaning = unfielded(self.index, text)
        if meaning is None or "*" in text.strip("*"):
            self.ignore(text, "没有可查找的文字,或通配符不在词尾", "has nothing to look for, or * is not at the end")
        return meaning

    def _range(self, node: Any) -> Expression | None:
        name = _FIELDS.get((node.fieldname or "").lower())
        span = leaves.days_between(node.start, node.end, node.startexcl, node.endexcl) if name == "date" else None
        if span is None:
            shown = f"{node.fieldname or ''}[{node.start or ''} 至 {node.end or ''}]"
            self.ignore(shown, "不是日期范围", "is no range of dates")
            return None
        return Span(*span)
