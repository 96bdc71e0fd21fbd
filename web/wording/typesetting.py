"""Chinese punctuation as print sets it: full width beside Chinese characters, half width among Latin and digits."""

from __future__ import annotations

import re

_FULL = str.maketrans(",;:?!()", "\uff0c\uff1b\uff1a\uff1f\uff01\uff08\uff09")
_CHINESE = "\u3001-\u3011\u3400-\u9fff\uff08\uff09\uff0c\uff1a\uff1b"
_BESIDE = re.compile(rf"(?<=[{_CHINESE}}}])[,;:?!](?=\s?)|[,;](?=[{_CHINESE}])")
_BRACKETS = re.compile(rf"(?<=[{_CHINESE}])\(([^()]*)\)|\(([^()]*[{_CHINESE}][^()]*)\)")


def typeset(text: str) -> str:
    """The text with its punctuation set for Chinese; a text without Chinese stays as it is.

    >>> typeset("已过期,请重试(第 3 次):a,b") == "已过期\\uff0c请重试\\uff08第 3 次\\uff09\\uff1aa,b"
    True
    >>> typeset("a, b (c)")
    'a, b (c)'
    """
    if not re.search(r"[\u3400-\u9fff]", text):
        return text
    bracketed = _BRACKETS.sub(lambda match: f"\uff08{match[1] if match[1] is not None else match[2]}\uff09", text)
    return _BESIDE.sub(lambda match: match[0].translate(_FULL), bracketed)
