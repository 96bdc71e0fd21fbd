"""A dossier's own paper: cover 案卷封面, contents list 卷内目录, note sheet 备考表, labels 标签; for one or many.

Who may print what: cover, note sheet and labels of a present owner's dossier tell what the folder's outside tells, and
every office role prints them; how many documents and pages are in it is then left to be written by hand. The contents
list, those counts, and anything of a former owner's dossier, are for the archivist, who keeps the folders (DA 4.1), and
for whoever holds a grant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from forms import label_marks, pdf
from forms.layout import Item, labels
from forms.layout.dossier_pages import DossierFacts, Entry, Section, contents_pages, dossier_cover
from forms.layout.note_sheet import note_pages
from forms.paper import A4, A4_LANDSCAPE, Paper
from records import access, audit, clock, identifiers
from records.access import ContentClosed
from records.audit import Verb
from records.dossiers import SectionContents
from records.errors import BadInput, NotFound
from records.paper import places
from records.tables import Document, Dossier, Ownership, Unit
from records.users import OFFICE_ROLES, Actor, Role
from retention.schedule import FORMER_RULE, OWNER_RULE
from retention.schedule_versions import in_force
from web.acts.dossiers.dossier_notes import known
from web.acts.dossiers.dossier_reading import contents
from web.office import Office

Pages = list[tuple[Item, ...]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Folder:
    """A dossier as its paper shows it. ``code`` is what its labels hold; ``known`` are the note sheet's sentences."""

    facts: DossierFacts
    sections: Sequence[SectionContents]
    code: str
    known: Sequence[str]


def print_paper(session: Session, office: Office, actor: Actor, dossier: Dossier, kind: str, skip: int = 0) -> bytes:
    """Draw one kind of paper of a dossier as PDF; logged. Raises NotAllowed, ContentClosed, BadInput (skip)."""
    data = draw(office, kind, [_folder(session, office, actor, dossier, kind)], skip)
    _log(session, actor, kind, [dossier.id])
    return data


def print_many(
    office: Office, actor: Actor, dossier_ids: Sequence[int], kind: str, skip: int = 0, progress: Progress | None = None
) -> bytes:
    """The same for many dossiers in one PDF, in the order given. What is drawn is only handed over once it is logged.

    Raises NotAllowed, ContentClosed (nothing is printed then), BadInput.
    """
    folders = []
    with office.reading() as session:
        for done, dossier_id in enumerate(dossier_ids, start=1):
            folders.append(_folder(session, office, actor, session.get_one(Dossier, dossier_id), kind))
            if progress:
                progress(done, len(dossier_ids))
    data = draw(office, kind, folders, skip)
    with office.transaction() as session:
        _log(session, actor, kind, dossier_ids)
    return data


def of_building(session: Session, building: str, former: bool = False) -> list[int]:
    """The dossiers of a building as its homes follow each other; former owners' too where asked. Raises NotFound."""
    query = select(Dossier).join(Ownership).join(Unit, Unit.id == Ownership.unit_id)
    states = ("open", "closed") if former else ("open",)
    query = query.where(Unit.building == building.strip().removesuffix("栋").upper(), Dossier.state.in_(states))
    found = sorted(session.scalars(query.options(selectinload(Dossier.ownership))), key=places.place_order)
    if not found:
        raise NotFound(what=f"{building.strip().removesuffix('栋')} 栋的业主档案")
    return [dossier.id for dossier in found]


def draw(office: Office, kind: str, folders: Sequence[Folder], skip: int = 0) -> bytes:
    """The pages of a kind for all these folders as PDF: labels share sheets, everything else begins a page."""
    name, drawing, paper = KINDS[kind]
    pages = _sheets(kind, folders, skip) if kind in LABELS else [page for one in folders for page in drawing(one)]
    title = f"{folders[0].facts.number} {name}" if len(folders) == 1 else f"{name} {len(folders)} 卷"
    return pdf.draw_pages(pages, title=title, author=office.settings.office, paper=paper)


def _sheets(kind: str, folders: Sequence[Folder], skip: int) -> Pages:
    size, design = labels.sizes()[LABELS[kind]], labels.spine if kind == "labels" else labels.bag
    return labels.label_sheets(size, [design(size, one.facts, one.code) for one in folders], skip)


def _log(session: Session, actor: Actor, kind: str, dossier_ids: Sequence[int]) -> None:
    for dossier_id in dossier_ids:
        audit.append(session, actor.id, Verb.DOSSIER_PRINTED, f"dossier:{dossier_id}", {"paper": kind})


def _folder(session: Session, office: Office, actor: Actor, dossier: Dossier, kind: str) -> Folder:
    actor.require("打印档案用纸", *OFFICE_ROLES)
    if kind not in KINDS:
        raise BadInput(what=f"没有这种档案用纸:{kind}(可选:{'、'.join(KINDS)})")
    return _filled(session, office, dossier, kind, _sees_inside(session, actor, dossier, kind))


def contents_list(session: Session, office: Office, dossier: Dossier) -> bytes:
    """The contents list 卷内目录 as PDF, for a transfer package whose makers have been allowed and logged there."""
    return draw(office, "contents", [_filled(session, office, dossier, "contents", True)])


def _filled(session: Session, office: Office, dossier: Dossier, kind: str, inside: bool) -> Folder:
    sections = contents(session, office.catalogue, dossier)
    mark = label_marks.LabelMark("dossier", dossier.number)
    return Folder(
        facts=_facts(session, office, dossier, sections, inside),
        sections=sections,
        code=mark.text(office.vault.master.page_secret()),
        known=known(session, dossier, sections, inside) if kind == "notes" else (),
    )


def _sees_inside(session: Session, actor: Actor, dossier: Dossier, kind: str) -> bool:
    """Whether the printer knows what is in the folder. Raises ContentClosed where the paper tells more than that."""
    decision = access.may_see_dossier(session, actor, dossier)
    keeper = actor.role == Role.ARCHIVIST and dossier.state != "destroyed"
    inside = keeper or decision.allowed
    if not inside and (kind == "contents" or dossier.state != "open"):
        raise ContentClosed(because=decision.because, because_en=decision.because_en)
    return inside


def _facts(
    session: Session, office: Office, dossier: Dossier, sections: Sequence[SectionContents], inside: bool
) -> DossierFacts:
    ownership = dossier.ownership
    documents = [document for section in sections for document in section.documents]
    days = [document.dated for document in documents] if inside else []
    rule = in_force(session).rule(OWNER_RULE if dossier.state == "open" else FORMER_RULE)
    stands = places.placement(session, dossier.id)
    return DossierFacts(
        number=dossier.number,
        unit=identifiers.format(ownership.unit.code),
        owners=[owner.name for owner in ownership.owners],
        since=ownership.from_on,
        until=ownership.until_on,
        office=office.settings.office,
        secrecy=office.settings.secrecy,
        retention=rule.zh,
        documents=len(documents) if inside else None,
        pages=sum(len(document.pages) for document in documents) if inside else None,
        estate=ownership.unit.estate,
        first_on=min(days, default=None),
        last_on=max(days, default=None),
        place=stands.place.code if stands else "",
    )


def _contents(folder: Folder) -> Pages:
    listed = [
        Section(
            one.name,
            [_entry(document, folder.facts.office) for document in one.documents],
            [gap.name for gap in one.missing],
        )
        for one in folder.sections
    ]
    return contents_pages(folder.facts, listed, clock.today())


def _entry(document: Document, office: str) -> Entry:
    have, expected = len(document.pages), document.expected_pages
    remark = f"缺 {expected - have} 页" if have < expected else ""
    # What came from outside bears no number of ours, and who made it is on the paper alone.
    author = office if document.serial else ""
    return Entry(document.serial or "", document.title, document.dated, have, remark, author)


#: Each kind of paper: its Chinese name, how a folder's pages are drawn, and on what.
KINDS: Mapping[str, tuple[str, Callable[[Folder], Pages], Paper]] = {
    "cover": ("案卷封面", lambda folder: [dossier_cover(folder.facts)], A4),
    "contents": ("卷内目录", _contents, A4_LANDSCAPE),
    "notes": ("备考表", lambda folder: note_pages(folder.facts, folder.known), A4),
    "labels": ("脊背标签", lambda _: [], A4),
    "bags": ("档案袋标签", lambda _: [], A4),
}
#: The kinds that are labels, and the size of each.
LABELS = {"labels": "spine", "bags": "bag"}
