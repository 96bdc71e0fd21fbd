"""A check's report on paper: what was looked at, what was found and what to do, with room to sign."""

from __future__ import annotations

from forms import pdf
from forms.layout.listing import Cells, ListColumn, Listing, Row, Signing, Strip
from records import clock
from records.check_tables import CheckRun
from web.checking import advice
from web.checking.subjects import in_chinese
from web.wording.typesetting import typeset

TITLE = "档案四性检测报告"
KINDS = {"full": "全面检查", "sample": "抽查"}
COLUMNS = (
    ListColumn("序号", 1.0),
    ListColumn("性质", 1.4),
    ListColumn("对象", 4.0, "left"),
    ListColumn("发现", 7.0, "left"),
    ListColumn("怎么办", 7.0, "left"),
)


def as_pdf(run: CheckRun, office: str) -> bytes:
    """The report as PDF, A4 landscape."""
    listing = Listing(
        title=TITLE,
        beside=f"{office}　检查 {run.id} 号",
        columns=COLUMNS,
        rows=_rows(run),
        foot="依据 DA/T 70：真实性、完整性、可用性、安全性。",
    )
    return pdf.draw_listing(listing, title=f"{TITLE} {run.id}", author=office)


def _rows(run: CheckRun) -> list[Row]:
    made = clock.local_time(run.finished_at) if run.finished_at else "尚未完成"
    looked = f"{KINDS[run.kind]}　{made}　打开影像 {run.done} 个，核对日志、编号、档案、密钥、索引、授权、冻结与备份"
    rows: list[Row] = [Strip(f"{looked}；发现 {len(run.findings)} 处。")]
    for number, one in enumerate(run.findings, start=1):
        what = advice.of(one["code"])
        rows.append(Cells([str(number), what.part, in_chinese(one["subject"]), typeset(one["zh"]), what.zh]))
    return [*rows, Signing(["检查人", "检查日期", "负责人"])]
