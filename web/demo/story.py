"""What has happened in the demonstration's office: printed, signed, scanned, asked for, and changed hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from PIL import Image, ImageDraw

from forms import books
from forms.books import handovers
from records import access, clock, dossiers, loans, units, users
from records.access import deputies
from records.access.visits import Visitor, add_visit
from records.dossiers import NewOwner
from records.estate import importing, transfers
from records.paper import places
from records.tables import User
from records.users import Actor
from retention import holds
from search import saved
from search.asking import Question
from web.demo.desk import Desk, Paper, smeared
from web.demo.estate import (
    ADMIN,
    ARCHIVIST,
    MANAGER,
    PEOPLE,
    STAFF,
    STAFF_2,
    SUPERVISOR,
    Person,
    table,
    years_before,
)
from web.demo.estate_life import EstateLife
from web.office import Office

Progress = Callable[[int, int], None]
HOMES = ("3-2-901", "3-2-902", "2-1-501", "1-1-302", "2-2-702", "1-2-601")
FORMER = "1-1-101"
HELD = "2-1-202"
RECENT = "3-1-801"
AGREEMENTS = ("RZ-02", "RZ-03", "RZ-04", "RZ-05", "RZ-06")
PROBLEMS = (
    ("卫生间防水、地漏", "地漏处渗水,返潮"),
    ("户内门窗、玻璃及五金", "主卧窗扇关闭不严"),
    ("墙面、顶棚", "客厅顶棚有裂缝约1米"),
    ("给水、排水管道", "厨房下水管接口漏水"),
    ("配电箱、开关、插座", "次卧插座无电"),
    ("入户门、门锁及可视对讲", "可视对讲无图像"),
)
VISITS = (
    ("维修及时", "厨房下水管漏水已修好,住户确认不再渗漏", "希望提前约定上门时间"),
    ("处理得当", "楼上夜间装修噪音,已劝止并约定施工时间", "装修时间请张贴公示"),
    ("维修及时", "电梯厅照明不亮,更换灯管两支", "建议定期巡查公共照明"),
    ("服务周到", "代换入户门锁,钥匙已当面交接", "无"),
    ("答复清楚", "解释物业费构成,住户表示理解", "建议增设非机动车充电位"),
    ("维修及时", "阳台地漏返味,已更换防臭芯", "无"),
)


@dataclass
class Story:
    """The demonstration being built; each step is an act or a few that belong together."""

    office: Office
    today: date = field(default_factory=clock.today)

    def __post_init__(self) -> None:
        self.desk = Desk(self.office)

    def tell(self, progress: Progress) -> None:
        """Everything, in the order in which it happened."""
        steps = (
            self.people,
            self.homes,
            *(self._moving_in(number) for number in range(len(HOMES))),
            self.former_owners,
            *EstateLife(self.office, self.desk, self.today).steps(),
            self.book_in_use,
            self.slips,
            self.closed_book,
            self.patrol_book,
            self.agreements,
            self.odd_pages,
            self.access_requests,
            self.paper,
            self.searches,
        )
        for done, step in enumerate(steps, start=1):
            step()
            progress(done, len(steps))

    def _as(self, person: Person) -> Actor:
        return self.desk.actor(person)

    def people(self) -> None:
        """One person for each role, and a second clerk and manager."""
        with self.office.transaction() as session:
            admin = users.as_actor(users.add_user(session, None, ADMIN.name, ADMIN.role, ADMIN.password))
            for person in PEOPLE[1:]:
                users.add_user(session, admin, person.name, person.role, person.password)

    def homes(self) -> None:
        """The estate, from the table that the developer handed over."""
        with self.office.transaction() as session:
            importing.import_units(
                session, self.office.vault, self._as(ARCHIVIST), "东光花园业主清册.csv", table(self.today)
            )

    def _moving_in(self, number: int) -> Callable[[], None]:
        return lambda: self.moving_in(number)

    def moving_in(self, number: int) -> None:
        """A family moves in: inspection, items handed over, owner card; some of them renovate at once."""
        unit = HOMES[number]
        piles = [
            *self._inspection(unit, number),
            *self._plain(unit, "RZ-09"),
            *self._plain(unit, "RZ-07", self._card()),
        ]
        if number % 2 == 0:
            piles += self._plain(unit, "ZX-01", self._renovation())
        # Piles come as they were taken from the table: not in order.
        self.desk.file(STAFF, f"入住资料{number + 1}.pdf", reversed(piles))

    def _inspection(self, unit: str, number: int) -> Iterator[Image.Image]:
        """The inspection; one family's sheet went out with only the owner's signature (RZ 4.5.9)."""
        item, problem = PROBLEMS[number]
        values = {
            "date": self.today - timedelta(days=40 + number),
            "water": 12 + number,
            "power": 105 + 3 * number,
            "items": self._inspected(item, problem),
            "fix_by": self.today - timedelta(days=20),
        }
        printed = self.desk.print(STAFF, "RZ-08", unit, values)
        only = ["owner"] if number == 1 else None
        opinion = {"opinion": f"{item}{problem}，请在期限内修好，修好后通知我复验"}
        return (self.desk.signed(self.desk.written(paper, opinion), only) for paper in self.desk.sheets(printed))

    def _inspected(self, item: str, problem: str) -> list[dict[str, str]]:
        """Every item of the inspection sheet, one of them with a problem."""
        items = self.office.catalogue.form("RZ-08").field("items")
        rows = items.preset_rows() if items else []
        found = {"result": "有问题", "problem": problem}
        return [{**row, **(found if row["item"] == item else {"result": "合格"})} for row in rows]

    def _plain(self, unit: str, form: str, values: dict[str, Any] | None = None) -> Iterator[Image.Image]:
        printed = self.desk.print(STAFF_2, form, unit, values)
        return (self.desk.signed(paper) for paper in self.desk.sheets(printed))

    def _card(self) -> dict[str, Any]:
        return {"sex": "男", "employer": "示例设计院", "moved_in": self.today - timedelta(days=30)}

    def _renovation(self) -> dict[str, Any]:
        return {
            "contractor": "示例装饰工程有限公司",
            "works": "厨卫翻新、铺地板;不动承重墙,不改燃气管线",
            "start_date": self.today - timedelta(days=10),
            "end_date": self.today + timedelta(days=60),
        }

    def former_owners(self) -> None:
        """Three homes change hands: one long ago and now due, one as long ago but on hold, one this year."""
        for unit in (FORMER, HELD, RECENT):
            self.desk.file(STAFF, f"旧档补扫 {unit}.pdf", [*self._plain(unit, "RZ-07"), *self._plain(unit, "RZ-09")])
        long_ago = years_before(self.today, 4)
        self._sell(FORMER, "孟思远", long_ago)
        self._sell(HELD, "白玉珍", long_ago + timedelta(days=30))
        self._sell(RECENT, "陆天佑", self.today - timedelta(days=50))
        with self.office.transaction() as session:
            former = dossiers.dossiers_of(session, units.find_unit(session, HELD))[0]
            reason = "房屋质量纠纷诉讼中,法院要求保存原业主资料"
            until = self.today + timedelta(days=180)
            holds.place(session, self._as(SUPERVISOR), "dossier", former.id, reason, until)

    def _sell(self, unit: str, to: str, on: date) -> None:
        with self.office.transaction() as session:
            home = units.find_unit(session, unit)
            owner, reason = NewOwner(to, "19900009999"), "不动产权证书登记日期"
            # Only the latest one was registered late; of the others nothing was filed since.
            register = transfers.transfer if unit == RECENT else dossiers.start_ownership
            register(session, self.office.vault, self._as(STAFF), home, [owner], on, reason)

    def book_in_use(self) -> None:
        """A book of follow-up records: six pages came back, one was spoilt, one is gone and not yet signed for."""
        number, printed = self.desk.print_book(STAFF, "HF-01", 20)
        with self.office.transaction() as session:
            books.issue(session, self._as(STAFF), books.find_book(session, number), STAFF_2.name)
        used = (1, 2, 3, 4, 6, 8)
        papers = self.desk.book_pages(printed, used)
        pile = [self.desk.signed(self._visit(papers[page], place)) for place, page in enumerate(used)]
        self.desk.file(STAFF_2, "回访记录.pdf", pile)
        with self.office.transaction() as session:
            books.void(session, self._as(STAFF_2), printed.serials[4], "住户姓名写错,整页重写,原页保留")
            story = "回访途中遇雨,整理时发现缺第7页,已在服务台和车内查找未果"
            books.report_missing(session, self._as(SUPERVISOR), printed.serials[6], story, STAFF_2.name)
            book = books.find_book(session, number)
            handovers.hand_over(session, self._as(STAFF), book, STAFF.name, self.today, book.page_count - 1)

    def _visit(self, paper: Paper, place: int) -> Paper:
        quality, effect, suggestions = VISITS[place]
        words = {"quality": quality, "effect": f"{HOMES[place]} {effect}", "suggestions": suggestions}
        return self.desk.written(paper, words)

    def slips(self) -> None:
        """A release slip whose copy security keeps for ten days, and a work order whose copy is back the same day."""
        self.desk.print(STAFF, "FX-01", HOMES[4])
        self.desk.print(STAFF, "YY-02", HOMES[5])

    def closed_book(self) -> None:
        """A duty book that is used up: pages back or cancelled, closed; its three years run from today."""
        number, printed = self.desk.print_book(STAFF, "ZB-02", 6)
        with self.office.transaction() as session:
            books.issue(session, self._as(STAFF), books.find_book(session, number), "值班室")
        papers = self.desk.book_pages(printed, (1, 2, 3))
        self.desk.file(STAFF, "值班记录.pdf", [self.desk.signed(paper) for paper in papers.values()])
        with self.office.transaction() as session:
            book = books.find_book(session, number)
            books.cancel_blank(session, self._as(SUPERVISOR), book, printed.serials[3:])
            books.close(session, self._as(SUPERVISOR), book)

    def patrol_book(self) -> None:
        """A patrol book that is full and closed: it goes to the archive by the month's end."""
        number, printed = self.desk.print_book(STAFF_2, "XC-01", 2)
        with self.office.transaction() as session:
            books.issue(session, self._as(STAFF_2), books.find_book(session, number), STAFF_2.name)
        papers = self.desk.book_pages(printed, (1, 2))
        self.desk.file(STAFF_2, "巡楼日志.pdf", [self.desk.signed(paper) for paper in papers.values()])
        with self.office.transaction() as session:
            books.close(session, self._as(SUPERVISOR), books.find_book(session, number))

    def agreements(self) -> None:
        """The agreements of two families, as Word documents; their paper has not come back yet."""
        for unit in HOMES[:2]:
            for form in AGREEMENTS:
                self.desk.print(STAFF, form, unit, word=True)

    def odd_pages(self) -> None:
        """A pile with what cannot be filed by itself: another office's page, no unit, a code under coffee."""
        without_unit = self.desk.print(STAFF, "RZ-09", values={"date": self.today})
        smudged = self.desk.print(STAFF, "ZX-01", HOMES[3], self._renovation())
        pile = [
            self._foreign(),
            *(self.desk.signed(paper) for paper in self.desk.sheets(without_unit)),
            *(smeared(self.desk.signed(paper)) for paper in self.desk.sheets(smudged)),
        ]
        self.desk.file(STAFF, "前台零散页.pdf", pile)

    def _foreign(self) -> Image.Image:
        """A page of somebody else, without any code of ours."""
        page = Image.new("RGB", (1240, 1754), (250, 250, 248))
        pen = ImageDraw.Draw(page)
        font = self.desk.pen_font(44)
        for line, text in enumerate(
            ("居委会通知", "关于开展消防安全检查的通知", "各住户:本周六上午进行楼道消防检查。")
        ):
            pen.text((150, 220 + 110 * line), text, fill=(30, 30, 34), font=font)
        return page

    def access_requests(self) -> None:
        """One request waits for the manager, one for the archivist, one is a live grant; a deputy stands in."""
        self._ask(STAFF, HOMES[2], "业主来电询问装修申请进度")
        self._ask(STAFF_2, HOMES[1], "补签验房表移交人签名", approved=True)
        self._ask(STAFF, HOMES[0], "核对验房遗留的渗水问题", approved=True, registered=True)
        with self.office.transaction() as session:
            supervisor = session.get_one(User, self._as(SUPERVISOR).id)
            until = self.today + timedelta(days=7)
            deputies.name_deputy(session, self._as(MANAGER), supervisor, self.today, until, "出差")
            register = access.find_request(session, self._as(ARCHIVIST), 3)
            lawyer = Visitor("赵律师", "律师证 5678", "业主验房表")
            add_visit(session, self._as(ARCHIVIST), register, lawyer)

    def paper(self) -> None:
        """The archive room: a shelf with six boxes, dossiers in two of them; one lent out and overdue, one approved."""
        with self.office.transaction() as session:
            keeper = self._as(ARCHIVIST)
            shelf = places.add(session, keeper, "A-03-2", "东墙", boxes=6)
            for number, home in enumerate(HOMES):
                dossier = dossiers.current_dossier(session, units.find_unit(session, home))
                assert dossier is not None
                places.put(session, keeper, dossier, shelf[1 + number // 4])
            former = dossiers.dossiers_of(session, units.find_unit(session, RECENT))[0]
            places.put(session, keeper, former, shelf[6])
        number = self._ask(STAFF_2, HOMES[3], "核对验房表原件签名", approved=True, mode="loan")
        with self.office.transaction() as session:
            request = access.find_request(session, self._as(ARCHIVIST), number)
            loan = loans.hand_out(session, self._as(ARCHIVIST), request)[0]
            # As if it had gone out three weeks ago: what is overdue shows on the first page.
            loan.handed_out_at -= timedelta(days=21)
            loan.due_on -= timedelta(days=21)
        self._ask(STAFF, HOMES[5], "业主要求当面核对装修协议原件", approved=True, mode="loan")

    def searches(self) -> None:
        """What the office asks again and again: two shared by the manager, one of a clerk's own."""
        with self.office.transaction() as session:
            kept = (("本月回访", "表单:回访记录表 日期:本月"), ("缺签名的文件", "状态:缺签名"))
            for name, question in kept:
                saved.save(session, self._as(MANAGER), name, Question(question), shared=True)
            saved.save(session, self._as(STAFF), "渗水与漏水", Question("渗水 或 漏水"))

    def _ask(
        self, person: Person, unit: str, purpose: str, *,
        approved: bool = False, registered: bool = False, mode: str = "screen",
    ) -> int:  # fmt: skip
        with self.office.transaction() as session:
            found = dossiers.current_dossier(session, units.find_unit(session, unit))
            assert found is not None
            request = access.request_access(session, self._as(person), [found], purpose, days=14, mode=mode)
            if approved:
                access.approve(session, self._as(MANAGER), request, "同意")
            if registered:
                access.register(session, self._as(ARCHIVIST), request)
            return request.id
