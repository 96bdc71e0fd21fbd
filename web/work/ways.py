"""The acts that each role begins most often."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from records.users import Actor, Role


@dataclass(frozen=True)
class Way:
    """A way to begin: where, and what one does there."""

    endpoint: str
    icon: str
    title: str
    text: str


def ways(actor: Actor) -> list[Way]:
    """The acts that a role begins most often."""
    every = {
        "print": Way("forms_catalogue.listing", "printer", _("打印表单"), _("单页、协议、通知、成册")),
        "scan": Way("scanning.listing", "upc-scan", _("上传扫描件"), _("自动识别编号并归档")),
        "whole": Way("completeness.listing", "clipboard-check", _("档案完整性"), _("全小区缺什么，缺得多的在前")),
        "unit": Way("units.listing", "buildings", _("查单元与档案"), _("档案是否齐全，缺什么")),
        "ask": Way("access.asking", "key", _("申请查阅"), _("写明事由，经理批准后查看")),
        "books": Way("books.listing", "journal-check", _("核对册"), _("逐页核对、结册")),
        "due": Way("retention.listing", "hourglass-split", _("鉴定处置"), _("到期档案、冻结、销毁清册")),
        "log": Way("log.listing", "shield-check", _("审计日志"), _("核验日志是否完整")),
        "users": Way("administration.listing", "person-plus", _("添加用户"), _("姓名、岗位、初始密码")),
    }
    keys = {
        Role.STAFF: ("print", "scan", "unit", "ask"),
        Role.ARCHIVIST: ("scan", "whole", "unit", "due", "print"),
        Role.SUPERVISOR: ("books", "due", "unit", "log"),
        Role.MANAGER: ("ask", "due", "books", "log"),
        Role.ADMIN: ("users", "log"),
    }
    return [every[key] for key in keys[actor.role]]
