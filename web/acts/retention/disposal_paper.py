"""What became of each record on a destruction list, on paper: printed after the run and kept with the signed list."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import pdf
from forms.layout.listing import Cells, ListColumn, Listing, Note, Row, Signing
from records import clock
from records.tables import User
from retention import certificates
from retention.schedule_versions import in_force
from retention.tables import Disposal, DisposalLine
from web.office import Office

TITLE = "档案销毁清册执行结果"
_COLUMNS = (
    ListColumn("序号", 1.0),
    ListColumn("档号或编号", 4.0, "left"),
    ListColumn("题名类别", 3.6, "left"),
    ListColumn("保管期限及依据", 4.6, "left"),
    ListColumn("到期日期", 2.0),
    ListColumn("结果", 2.4),
    ListColumn("销毁时间", 2.8),
    ListColumn("所做处理", 5.0, "left"),
)


def as_pdf(session: Session, disposal: Disposal, office: Office) -> bytes:
    """The result as PDF, A4 landscape; nothing of the records' content."""
    rows: list[Row] = [_row(session, number, line) for number, line in enumerate(disposal.lines, start=1)]
    rows += [Note(text) for text in _notes(session, disposal)]
    rows.append(Signing(("鉴定人（签字）", "管理处经理（签字）", "监销人（签字）", "日期")))
    beside = f"{office.settings.office}　清册编号 {disposal.certificate or '—'}"
    listing = Listing(TITLE, beside, _COLUMNS, rows, foot="与签好的档案销毁清册一并保存；清册及本页不含档案内容。")
    return pdf.draw_listing(listing, title=f"{TITLE} {disposal.certificate}", author=office.settings.office)


def _row(session: Session, number: int, line: DisposalLine) -> Cells:
    rules = in_force(session).rules
    rule = rules[line.rule].zh if line.rule in rules else line.rule
    went = f"删除{certificates.done_to(line)}" if line.destroyed_at else "没有销毁，照旧保管"
    when = clock.local_time(line.destroyed_at) if line.destroyed_at else "—"
    result = certificates.LINE_ZH[line.state].replace(",", "，")
    texts = (str(number), line.reference, line.title_class, rule, f"{line.due_on:%Y-%m-%d}", result, when, went)
    return Cells(texts)


def _notes(session: Session, disposal: Disposal) -> list[str]:
    names = {user_id: user.name for user_id in (disposal.proposed_by, disposal.decided_by or 0)
             if (user := session.get(User, user_id))}  # fmt: skip
    proposed = f"提出：{names[disposal.proposed_by]} {clock.local_time(disposal.proposed_at)}"
    decided = f"批准：{names.get(disposal.decided_by or 0, '—')}"
    decided += f" {clock.local_time(disposal.decided_at)}" if disposal.decided_at else ""
    done = f"执行完毕：{clock.local_time(disposal.completed_at)}" if disposal.completed_at else "尚未执行完毕"
    states = [line.state for line in disposal.lines]
    count = (
        f"共 {len(states)} 项，销毁 {states.count('destroyed')} 项，未销毁 {len(states) - states.count('destroyed')} 项"
    )
    paper = certificates.paper_of(session, disposal)
    said = f"{paper.on:%Y-%m-%d} 销毁，监销人 {paper.witness}" if paper else "尚未登记销毁"
    return [
        f"{proposed}；{decided}；{done}。",
        f"{count}；影像文件的密钥已一并销毁。纸质原件：{said}。",
    ]
