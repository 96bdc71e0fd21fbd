"""The schedule on its page: a manager sees what a change moves before it is adopted; a grade chooses its rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from forms.printing import issuing
from records import documents, facts, users
from records.facts import FactKind
from retention.schedule_versions import in_force
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
CHANGE = {
    "rule": "VIOL_MAJOR", "period": "years", "years": "1", "starts": "archived", "count_from": "event",
    "zh": "重大违章保存1年", "reason": "库房不足",
}  # fmt: skip


def file_document(office: Office, form_code: str, rule: str) -> str:
    """A form of that code, printed, filed in its series and archived on 1 May 2024; its serial."""
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        printed = issuing.print_sheets(session, office.shop, archivist, office.catalogue.form(form_code))
        serial, series = printed.serials[0], form_code[:2]
        placing = documents.Placing(form_code, "一件", rule, serial=serial, series=series)
        document = documents.file_document(session, office.vault, archivist, placing)
        facts.record_fact(session, archivist, FactKind.ARCHIVED, ("document", document.id), date(2024, 5, 1))
    return serial


def test_a_manager_sees_what_moves_then_adopts_it_as_a_version(office: Office, sign_in: SignIn) -> None:
    serial = file_document(office, "WZ-01", "VIOL_MAJOR")
    manager = sign_in("manager")
    shown = manager.post("/schedule/preview", **CHANGE)
    assert shown.status_code == 200
    assert serial in shown.text and "2029-05-01" in shown.text and "2025-05-01" in shown.text and "更早" in shown.text
    with office.reading() as session:
        assert in_force(session).version == 0
    assert manager.post("/schedule/adopt", **CHANGE, version="0").status_code == 302
    page = manager.get("/schedule/").text
    assert "重大违章保存1年" in page and "库房不足" in page and "本处规定" in page
    again = manager.post("/schedule/adopt", **{**CHANGE, "years": "3"}, version="0")
    assert "请重新预览" in again.text
    with office.reading() as session:
        assert (in_force(session).version, in_force(session).rule("VIOL_MAJOR").years) == (1, 1)


def test_who_is_no_manager_reads_the_schedule_and_changes_nothing(office: Office, sign_in: SignIn) -> None:
    for name in ("archivist", "supervisor"):
        visitor = sign_in(name)
        page = visitor.get("/schedule/")
        assert page.status_code == 200 and "先看影响" not in page.text
        assert visitor.post("/schedule/preview", **CHANGE).status_code == 403
        assert visitor.post("/schedule/adopt", **CHANGE, version="0").status_code == 403
    with office.reading() as session:
        assert in_force(session).version == 0


def test_a_form_without_a_period_is_given_one(office: Office, sign_in: SignIn) -> None:
    manager = sign_in("manager")
    form = next(one for one in office.catalogue.forms if "UNSET" in one.retention)
    decision = {"form": form.code, "rule": "VIOL_MAJOR", "reason": "比照重大违章"}
    assert manager.post("/schedule/preview", **decision).status_code == 200
    assert manager.post("/schedule/adopt", **decision, version="0").status_code == 302
    with office.reading() as session:
        assert in_force(session).decided == {form.code: "VIOL_MAJOR"}
    ruled = {"form": "YS-02", "rule": "VIOL_MAJOR", "reason": "改"}
    assert "手册已有规定" in manager.post("/schedule/preview", **ruled).text


def test_a_violation_graded_graver_is_due_later(office: Office, sign_in: SignIn) -> None:
    serial = file_document(office, "WZ-01", "VIOL_MINOR")
    supervisor = sign_in("supervisor")
    assert serial in supervisor.get("/retention/").text
    assert "改定等级" in supervisor.get(f"/numbers/{serial}").text
    assert sign_in("archivist").post(f"/numbers/{serial}/grade", rule="VIOL_MAJOR", reason="改").status_code == 403
    changed = supervisor.post(f"/numbers/{serial}/grade", rule="VIOL_MAJOR", reason="复核为重大")
    assert changed.status_code == 302
    assert serial not in supervisor.get("/retention/").text
    assert serial in supervisor.get("/retention/?on=2029-05-01").text


def test_a_rule_whose_name_speaks_of_other_years_is_pointed_out_before_it_is_adopted(sign_in: SignIn) -> None:
    fields = {"rule": "FORMER", "period": "years", "years": "5", "reason": "延长"}
    manager = sign_in("manager")
    assert "写的是 3 年" in manager.post("/schedule/preview", **fields, zh="原业主档案另置保管三年").text
    assert "写的是" not in manager.post("/schedule/preview", **fields, zh="原业主档案另置保管五年").text
