"""A dossier's own paper: cover 案卷封面, contents list 卷内目录, note sheet 备考表, spine labels 脊背标签."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from forms import pdf
from forms.layout import Item
from forms.layout.dossier_pages import DossierFacts, Entry, Section, contents_pages, dossier_cover
from forms.layout.frame import Area
from forms.layout.plain import BY_HAND, place_facts, place_ruled, place_title, plain_board
from forms.paper import A4
from records import access, audit, clock, identifiers
from records.access import ContentClosed
from records.audit import Verb
from records.dossiers import SectionContents
from records.tables import Document, Dossier
from records.users import OFFICE_ROLES, Actor, Role
from retention.schedule import FORMER_RULE, OWNER_RULE
from web.acts.dossier_reading import contents
from web.office import Office

Pages = list[tuple[Item, ...]]
Drawing = Callable[[DossierFacts, list[SectionContents]], Pages]
LABEL = (36.0, 110.0)
LABELS_ACROSS = 4


def print_paper(session: Session, office: Office, actor: Actor, dossier: Dossier, kind: str) -> bytes:
    """Draw one kind of paper of a dossier as PDF: cover, contents, notes, labels; logged.

    Cover, note sheet and labels tell what the folder's outside tells. The contents list names the documents: it is for
    the archivist, who keeps the folder (DA 4.1), and for whoever holds a grant. Raises NotAllowed, ContentClosed.
    """
    actor.require("打印档案用纸", *OFFICE_ROLES)
    if kind == "contents" and actor.role != Role.ARCHIVIST:
        decision = access.may_see_dossier(session, actor, dossier)
        if not decision.allowed:
            raise ContentClosed(because=decision.because, because_en=decision.because_en)
    sections = contents(session, office.catalogue, dossier)
    facts = _facts(office, dossier, sections)
    out = io.BytesIO()
    title = f"{dossier.number} {KINDS[kind][0]}"
    pdf.draw_pages(KINDS[kind][1](facts, sections), out, title=title, author=office.settings.office)
    audit.append(session, actor.id, Verb.DOSSIER_PRINTED, f"dossier:{dossier.id}", {"paper": kind})
    return out.getvalue()


def _facts(office: Office, dossier: Dossier, sections: list[SectionContents]) -> DossierFacts:
    ownership = dossier.ownership
    documents = [document for section in sections for document in section.documents]
    rule = office.schedule.rule(OWNER_RULE if dossier.state == "open" else FORMER_RULE)
    return DossierFacts(
        number=dossier.number,
        unit=identifiers.format(ownership.unit.code),
        owners=[owner.name for owner in ownership.owners],
        since=ownership.from_on,
        until=ownership.until_on,
        office=office.settings.office,
        secrecy=office.settings.secrecy,
        retention=rule.zh,
        documents=len(documents),
        pages=sum(len(document.pages) for document in documents),
        estate=ownership.unit.estate,
    )


def _cover(facts: DossierFacts, _sections: list[SectionContents]) -> Pages:
    return [dossier_cover(facts)]


def _contents(facts: DossierFacts, sections: list[SectionContents]) -> Pages:
    listed = [
        Section(one.name, [_entry(document) for document in one.documents], [gap.name for gap in one.missing])
        for one in sections
    ]
    return contents_pages(facts, listed, clock.today())


def _entry(document: Document) -> Entry:
    have, expected = len(document.pages), document.expected_pages
    remark = f"缺 {expected - have} 页" if have < expected else ""
    return Entry(document.serial or "", document.title, document.dated, have, remark)


def _notes(facts: DossierFacts, _sections: list[SectionContents]) -> Pages:
    """The note sheet: what whoever opens the folder later should know, written in by hand."""
    board, area = plain_board(A4)
    y = place_title(board, area, "备考表", f"档号 {facts.number}　{facts.unit}")
    rows = [
        ("本卷情况", f"共 {facts.documents} 件　{facts.pages} 页(截至 {clock.today()})"),
        ("立卷人", ""),
        ("检查人", ""),
        ("立卷日期", BY_HAND),
    ]
    place_facts(board, Area(area.x, y, area.w, 44.0), rows)
    columns = (("日期", 1.6), ("情况说明(缺损、修改、补充、移出、借出)", 6.0), ("经办人", 1.6))
    place_ruled(board, Area(area.x, y + 50.0, area.w, area.h - (y + 50.0 - area.y)), columns, 14.0)
    return [tuple(board.items)]


def _labels(facts: DossierFacts, _sections: list[SectionContents]) -> Pages:
    """Spine labels to cut out, for as many folders as the dossier fills."""
    board, area = plain_board(A4)
    wide, tall = LABEL
    for place in range(LABELS_ACROSS):
        x, middle = area.x + place * (wide + 4.0), area.x + place * (wide + 4.0) + wide / 2
        board.panel(x, area.y, wide, tall, stroke=0.8)
        lines = (
            (facts.secrecy, 11.0),
            (facts.estate, 9.0),
            (facts.unit, 13.0),
            (facts.number, 9.5),
            ("第　　册", 10.0),
        )
        for line, (text, size) in enumerate(lines):
            board.words(x, area.y + 4.0 + line * 20.0, wide, 18.0, text, size, align="centre", pad=1.5)
        board.text(middle, area.y + tall - 3.0, facts.office, 6.5, align="centre")
    return [tuple(board.items)]


#: Each kind of paper: its Chinese name and how it is drawn.
KINDS: Mapping[str, tuple[str, Drawing]] = {
    "cover": ("案卷封面", _cover),
    "contents": ("卷内目录", _contents),
    "notes": ("备考表", _notes),
    "labels": ("脊背标签", _labels),
}
