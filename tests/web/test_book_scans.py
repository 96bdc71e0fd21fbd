"""A book's page says what its latest scan lacks, and cancels its unused tail at once; what is due back stands first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from forms import books
from forms.printing import issuing
from forms.printing.shop import Printed
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from records import users
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]


@pytest.fixture
def printed(office: Office) -> Printed:
    """An issued book of eight pages."""
    with office.transaction() as session:
        staff = users.find_actor(session, "staff")
        made = issuing.print_book(session, office.shop, staff, office.catalogue.form("ZB-02"), 8)
        assert made.book is not None
        books.issue(session, staff, made.book, "值班室")
    return made


def scan(office: Office, printed: Printed, *pages: int) -> None:
    """File a scan of these pages, in this order."""
    pictures = list(samples.rasterise(printed.data, 150))
    worn = (samples.degrade(pictures[page + 1], "clean", 7, turn=0) for page in pages)
    data = samples.scan_pdf(worn, 150, 60)
    with office.transaction() as session:
        staff = users.find_actor(session, "staff")
        batch_id = intake.receive(session, office.desk, staff, "值班记录.pdf", data).id
    batch_work.work_batch(office.database, office.desk, staff, batch_id)


def page_of(visitor: Visitor, printed: Printed) -> str:
    assert printed.book is not None
    return visitor.get(f"/books/{printed.book.number}").text


def test_a_gap_and_a_repetition_in_the_latest_scan_are_told(office: Office, sign_in: SignIn, printed: Printed) -> None:
    visitor = sign_in("staff")
    assert "最近一次扫描" not in page_of(visitor, printed)
    scan(office, printed, 1, 3, 4, 4)
    page = page_of(visitor, printed)
    assert "缺第 2 页" in page
    assert "出现 2 次" in page
    assert "缺第 5" not in page, "what is still in the book behind the scanned pages is not missed"


def test_a_good_scan_is_said_to_be_good_though_earlier_pages_came_before(
    office: Office, sign_in: SignIn, printed: Printed
) -> None:
    scan(office, printed, 1, 2)
    scan(office, printed, 3, 4)
    assert "次序正确" in page_of(sign_in("staff"), printed)


def test_the_unused_tail_is_cancelled_from_the_first_page_ticked(
    office: Office, sign_in: SignIn, printed: Printed
) -> None:
    assert printed.book is not None
    path = f"/books/{printed.book.number}/cancel-tail"
    assert sign_in("staff").post(path, serial=printed.serials[5]).status_code == 403
    assert sign_in("supervisor").post(path).status_code == 400
    assert sign_in("supervisor").post(path, serial=printed.serials[5]).status_code == 302
    with office.reading() as session:
        account = books.reconcile(session, books.find_book(session, printed.book.number))
    assert account.counts == {"blank_cancelled": 3, "issued": 5}


def test_a_copy_due_back_today_stands_among_the_days_tasks(office: Office, sign_in: SignIn) -> None:
    with office.transaction() as session:
        staff = users.find_actor(session, "staff")
        form = office.catalogue.form("YY-02")
        serial = issuing.print_sheets(session, office.shop, staff, form).serials[0]
    for name in ("staff", "supervisor"):
        assert f"/numbers/{serial}" in sign_in(name).get("/").text.replace("%2A", "*")
    with office.transaction() as session:
        books.void(session, staff, serial, "写错")
    assert f"/numbers/{serial}" not in sign_in("staff").get("/").text.replace("%2A", "*")
