"""What happened to the demonstration's homes beside paper: a whole dossier, a company, tenants, a merger, arrears."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from records import documents, dossiers, facts, units
from records.documents import NewPage, Placing
from records.dossiers import NewOwner
from records.estate import follow_ups, people, restructuring, transfers
from records.estate.people import NewPerson
from records.facts import FactKind
from records.tables import Dossier, Unit
from web.demo.desk import Desk
from web.demo.estate import ARCHIVIST, STAFF, STAFF_2
from web.office import Office

WHOLE = "1-2-502"
COMPANY = "2-2-401"
FAMILY = "3-2-901"
TENANT = "1-1-302"
MERGED = ("3-1-1001", "3-1-1002")
MERGED_INTO = "3-1-1001A"
#: In arrears: the unit, for how many days, and how many days ago its contact was checked (None: never).
OWING = (("2-1-301", 75, 20), ("1-1-601", 48, None), ("3-1-402", 90, 4), ("2-2-902", 12, None))
#: An invented company; the code passes its own check character.
COMPANY_OWNER = NewOwner("示例贸易有限公司", "010-62345678", "91110000600037341L")


@dataclass(frozen=True)
class EstateLife:
    """The steps of this part of the story; each is one act or a few that belong together."""

    office: Office
    desk: Desk
    today: date

    def steps(self) -> tuple[Callable[[], None], ...]:
        """In the order in which it happened."""
        return self.whole_dossier, self.company, self.people_of_homes, self.merger, self.follow_ups

    def _home(self, session: Session, code: str) -> tuple[Unit, Dossier]:
        unit = units.find_unit(session, code)
        dossier = dossiers.current_dossier(session, unit)
        assert dossier is not None
        return unit, dossier

    def whole_dossier(self) -> None:
        """One family's dossier lacks nothing: every form that moving in asks for is filed and signed."""
        actor, office = self.desk.actor(ARCHIVIST), self.office
        with office.transaction() as session:
            unit, dossier = self._home(session, WHOLE)
            for asked in office.life_events[0].requires:
                form = office.catalogue.form(asked.form)
                placing = Placing(
                    form.code, form.zh, form.retention[0], dossier=dossier, section=form.section, unit=unit,
                    dated=dossier.opened_on + timedelta(days=12),
                )  # fmt: skip
                document = documents.file_document(session, office.vault, actor, placing)
                signed = {one.key: {"ink": 0.2, "signed": True} for one in form.signatures}
                scan = NewPage(self._scan(form.zh), "image/jpeg", signatures=signed)
                page = documents.add_page(session, office.vault, document, scan)
                documents.set_page_text(session, page, form.zh)
            facts.record_fact(session, actor, FactKind.MOVED_IN, ("dossier", dossier.id), dossier.opened_on)

    def _scan(self, title: str) -> bytes:
        """A page that stands for a scan of this form."""
        page = Image.new("L", (620, 877), 252)
        ImageDraw.Draw(page).text((80, 90), title, fill=40, font=self.desk.pen_font(30))
        out = io.BytesIO()
        page.save(out, "JPEG", quality=70)
        return out.getvalue()

    def company(self) -> None:
        """A home is bought by a company, which names somebody to act for it."""
        actor = self.desk.actor(STAFF)
        with self.office.transaction() as session:
            unit = units.find_unit(session, COMPANY)
            on = self.today - timedelta(days=200)
            done = transfers.transfer(
                session, self.office.vault, actor, unit, [COMPANY_OWNER], on, "不动产权证书登记日期"
            )
            agent = NewPerson("agent", "冯佳宁", "行政主管", "19900008801", authorised=True, from_on=on)
            people.add_person(session, actor, done.present, agent, self.today, "公司授权委托书")

    def people_of_homes(self) -> None:
        """A family, a new telephone number, and tenants who may act for their landlord until the lease ends."""
        actor = self.desk.actor(STAFF_2)
        with self.office.transaction() as session:
            _, family = self._home(session, FAMILY)
            for name, relation in (("许静怡", "配偶"), ("许子涵", "子女")):
                people.add_person(session, actor, family, NewPerson("family", name, relation), self.today, "业主资料卡")
            owner = family.ownership.owners[0]
            people.change_phone(session, actor, family, owner, "19900008802", self.today, "业主本人来电")
            _, let = self._home(session, TENANT)
            lease = (self.today - timedelta(days=90), self.today + timedelta(days=275))
            tenant = NewPerson("tenant", "董俊杰", "承租人", "19900008803", "", True, *lease)
            people.add_person(session, actor, let, tenant, self.today, "租赁合同")

    def merger(self) -> None:
        """Two homes become one; the old codes lead to the new."""
        with self.office.transaction() as session:
            old = [units.find_unit(session, code) for code in MERGED]
            on = self.today - timedelta(days=30)
            owner = [NewOwner("程振华", "19900008804")]
            actor = self.desk.actor(ARCHIVIST)
            restructuring.restructure(session, self.office.vault, actor, old, [MERGED_INTO], on, owner)

    def follow_ups(self) -> None:
        """Building 1 is surveyed; some owners are in arrears, their contacts checked lately, long ago or never."""
        actor = self.desk.actor(STAFF)
        with self.office.transaction() as session:
            first = [one.dossier_id for one in follow_ups.surveys_due(session, self.today, "1")]
            done = [session.get_one(Dossier, dossier_id) for dossier_id in first[:30]]
            follow_ups.record(session, actor, done, "survey", "unchanged", self.today)
            for code, days, checked in OWING:
                _, dossier = self._home(session, code)
                follow_ups.owe(session, actor, dossier, self.today - timedelta(days=days))
                if checked is not None:
                    on = self.today - timedelta(days=checked)
                    follow_ups.record(session, actor, [dossier], "contact", "unchanged", on)
