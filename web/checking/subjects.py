"""What a finding is about, in the words of the office: the check names tables and ids."""

from __future__ import annotations

import re

_KINDS = {
    "audit": "日志第 {} 条",
    "blob": "影像 {}",
    "book": "册 {}",
    "document": "文件 {}",
    "dossier": "业主档案（内部编号 {}）",
    "key": "密钥 {}",
    "loan": "借阅 {} 号",
    "place": "架位 {}",
    "request": "查阅授权 {} 号",
    "scan": "扫描页 {}",
    "serial": "编号 {}",
    "unit": "单元（内部编号 {}）",
}
_WHOLE = {"system": "本系统", "vault": "库房", "search": "全文索引"}
_PAGE = re.compile(r" page (\d+)$")


def in_chinese(subject: str) -> str:
    """The subject of a finding as the report prints it.

    >>> in_chinese("document:11 RZ-08-2026-000003-1 page 1")
    '文件 11 RZ-08-2026-000003-1 第 1 页'
    >>> in_chinese("serial:RZ-09-2026-000001-T"), in_chinese("vault"), in_chinese("ab/cd/x.age")
    ('编号 RZ-09-2026-000001-T', '库房', 'ab/cd/x.age')
    """
    kind, colon, name = subject.partition(":")
    if not colon or kind not in _KINDS:
        return _WHOLE.get(subject, subject)
    return _KINDS[kind].format(_PAGE.sub(r" 第 \1 页", name))
