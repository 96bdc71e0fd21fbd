"""What the system knows of a folder, as the note sheet 备考表 says it: amount, missing pages and papers, loans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import clock, loans
from records.dossiers import SectionContents
from records.paper.paper_tables import Loan
from records.tables import Document, Dossier, User

_MOST = 40


def known(session: Session, dossier: Dossier, sections: Sequence[SectionContents], inside: bool) -> list[str]:
    """Sentences in the order of their weight. ``inside``: whether the reader may know what is in the folder."""
    if not inside:
        return ["件数、页数由整理人清点后填写。", *_lacking(dossier, sections)]
    said = [*_amount(sections), *_gaps(sections), *_lacking(dossier, sections), *_replaced(session, dossier)]
    return (said + list(_loans(session, dossier)))[:_MOST]


def _amount(sections: Sequence[SectionContents]) -> Iterator[str]:
    documents = [document for section in sections for document in section.documents]
    pages = sum(len(document.pages) for document in documents)
    yield f"截至 {clock.today()}，本卷共 {len(documents)} 件 {pages} 页。"


def _gaps(sections: Sequence[SectionContents]) -> Iterator[str]:
    for section in sections:
        for document in section.documents:
            have, expected = len(document.pages), document.expected_pages
            if have < expected:
                number = f"（{document.serial}）" if document.serial else ""
                yield f"缺页：《{document.title}》{number}应有 {expected} 页，实有 {have} 页。"


def _lacking(dossier: Dossier, sections: Sequence[SectionContents]) -> Iterator[str]:
    names = [gap.name for section in sections for gap in section.missing]
    if names and dossier.state == "open":
        yield f"缺件：{'、'.join(names)}。"


def _replaced(session: Session, dossier: Dossier) -> Iterator[str]:
    query = select(func.count(Document.id)).where(Document.dossier_id == dossier.id, Document.state == "superseded")
    count = session.scalar(query) or 0
    if count:
        yield f"有 {count} 件以新扫描件替换，原扫描件保留在系统中。"


def _loans(session: Session, dossier: Dossier) -> Iterator[str]:
    for loan in loans.history(session, dossier.id):
        if loan.state == "out":
            yield f"原件借出：借阅 {loan.id} 号，{loan.borrower.name}，应于 {loan.due_on} 归还。"
        lost = [line for line in loan.lines if line.missing]
        if lost:
            yield _incident(session, loan)


def _incident(session: Session, loan: Loan) -> str:
    lines = [line for line in loan.lines if line.missing]
    what = "；".join(f"第 {line.position} 件缺第 {'、'.join(map(str, line.missing or ()))} 页" for line in lines)
    signer = session.get(User, loan.signed_by) if loan.signed_by else None
    signed = f"{signer.name} {clock.local_date(loan.signed_at)} 签认" if signer and loan.signed_at else "待经理签认"
    return f"借阅 {loan.id} 号归还时{what}；{signed}。"
