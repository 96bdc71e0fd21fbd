"""The report of everyone who saw a dossier, on paper: for the owner, with the office's name and room to sign."""

from __future__ import annotations

from forms import pdf
from forms.drawing.typeface import load_typeface
from forms.layout.listing import Cells, ListColumn, Listing, Row, Strip
from records import clock, identifiers
from web.acts.access.right_to_know import Report, Seen, Sighting
from web.wording.typesetting import typeset

TITLE = "业主档案查阅情况报告"
COLUMNS = (
    ListColumn("序号", 1.0),
    ListColumn("查阅人", 1.7),
    ListColumn("方式", 1.8),
    ListColumn("何时看过", 3.0),
    ListColumn("事由", 4.4, "left"),
    ListColumn("申请、审批、登记", 4.4, "left"),
    ListColumn("来人与证件", 3.6, "left"),
    ListColumn("看过的内容", 5.4, "left"),
)
_SIGNING = "管理处（盖章）：　　　　　　　　　　　　　　经办人：　　　　　　　　　　　　　日期："
#: Printers' sign for a character that the typeface lacks: what an owner may know does not fail for one character.
_LACKING = "〓"


def as_pdf(found: Report, office: str) -> bytes:
    """The report as PDF, A4 landscape."""
    return pdf.draw_listing(_listing(found, office), title=f"{found.dossier.number} {TITLE}", author=office)


def _listing(found: Report, office: str) -> Listing:
    made = clock.local_time(found.made_at)
    return Listing(
        title=TITLE,
        beside=f"{office}　档号 {found.dossier.number}",
        columns=COLUMNS,
        rows=[*_opening(found, made), *_lines(found), *_closing(found)],
        foot=_printable(f"由 {found.made_by} 于 {made} 出具；本报告的出具已记入审计日志。"),
    )


def _opening(found: Report, made: str) -> list[Row]:
    ownership = found.dossier.ownership
    owners = "、".join(owner.name for owner in ownership.owners) or "—"
    people = len({one.person for one in found.sightings if one.seen})
    period = f"{ownership.from_on} 至 {ownership.until_on or '今'}"
    whose = f"{identifiers.format(ownership.unit.code)}　业主 {owners}　产权期 {period}"
    counted = f"截至 {made}，看过本档案的共 {people} 人，全部列于下表；自批、代批、本人登记均已标明。"
    return [Strip(_printable(whose)), Strip(counted)]


def _lines(found: Report) -> list[Row]:
    return [
        Cells([_printable(text) for text in _cells(number, one)]) for number, one in enumerate(found.sightings, start=1)
    ]


def _closing(found: Report) -> list[Row]:
    refused = "、".join(f"{name} {count} 次" for name, count in found.refused) or "无"
    return [Strip(_printable(f"未获授权而被拒绝的查看：{refused}。")), Strip(_SIGNING)]


def _cells(number: int, one: Sighting) -> tuple[str, ...]:
    return (
        str(number), one.person, one.kind, _when(one), one.purpose, _basis(one),
        "\n".join(one.visitors), "\n".join(_shown(seen) for seen in one.seen) or "未查看",
    )  # fmt: skip


def _shown(seen: Seen) -> str:
    return f"{seen.text}（{seen.times} 次）"


def _when(one: Sighting) -> str:
    if one.first_at is None or one.last_at is None:
        return "—"
    first, last = clock.local_time(one.first_at), clock.local_time(one.last_at)
    return first if first == last else f"{first}\n{last}"


def _basis(one: Sighting) -> str:
    if one.request_id is None:
        return "按岗位，无须申请"
    marks = "　".join(("", *one.marks))
    return f"申请 {one.request_id} 号\n审批 {one.decided}{marks}\n登记 {one.registered}\n{one.ended}"


def _printable(text: str) -> str:
    known = load_typeface().face("sans").glyph_of
    return "".join(one if one in known or one == "\n" else _LACKING for one in typeset(text))
