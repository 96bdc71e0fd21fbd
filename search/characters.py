"""Traditional characters as simplified ones, one by one, so that any fragment reads alike in index and question."""

from __future__ import annotations

import re

from opencc import OpenCC

# Where OpenCC knows a traditional form. Words are not looked at: 乾 becomes 干 in 乾隆 too, on both sides alike.
_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32000))


def _table() -> dict[int, str]:
    known = [chr(code) for first, end in _BLOCKS for code in range(first, end)]
    simplified = OpenCC("t2s").convert("\n".join(known)).split("\n")
    changed = {old: new for old, new in zip(known, simplified, strict=True) if old != new and len(new) == 1}
    # 薴 becomes 苧 and 苧 becomes 苎: to the end at once, so that to simplify twice changes nothing.
    return {ord(old): changed.get(new, new) for old, new in changed.items()}


_SIMPLIFIED = _table()
# Nearly every text has none of them: to look for one is ten times as fast as to look up every character. The rare
# ones beyond the basic plane stand for all of their planes: one by one they would make the pattern slow.
_TRADITIONAL = re.compile(f"[{''.join(chr(code) for code in _SIMPLIFIED if code < 0x10000)}\U00020000-\U0003ffff]")


def simplify(text: str) -> str:
    """Traditional characters to simplified ones, each by itself; the length stays.

    >>> simplify("張偉強 衛生間漏水")
    '张伟强 卫生间漏水'
    """
    return text.translate(_SIMPLIFIED) if _TRADITIONAL.search(text) else text
