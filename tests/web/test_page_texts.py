"""What stands on a page, on screen and by command: marked as read, corrected by who may see it, hits on the picture."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import select

from records import readings
from records.audit import Verb
from records.readings import FieldRead, LineRead
from records.tables import AuditEntry, Page
from tests.web.conftest import SECRET_TEXT, Visitor
from web.office import Office

SignIn = Callable[[str], Visitor]
PLACE = (0.3, 0.5, 0.4, 0.03)
CLOSED, OPEN = 1, 2  # documents: in a dossier, and in the office's own series
QUESTION = "渗漏"


@pytest.fixture(autouse=True)
def _read(office: Office) -> None:
    """Both documents have been read: a field with the same words on each."""
    line = LineRead("下水管渗漏两处", PLACE)
    with office.transaction() as session:
        for page in session.scalars(select(Page)):
            key = "decision" if page.document_id == CLOSED else "quality"
            found = {
                key: FieldRead(line.text, "recognised", PLACE, (line,), 0.7),
                "effect": FieldRead("", "blank", PLACE),
            }
            readings.keep(session, page, found)


def picture(visitor: Visitor, address: str) -> NDArray[np.int16]:
    """The page's picture as numbers."""
    answer = visitor.get(address)
    assert answer.status_code == 200
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGB"), np.int16)


def yellow(pixels: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where the marker pen has been."""
    return np.asarray((pixels[:, :, 0] - pixels[:, :, 2]) > 90)


def test_a_hit_is_marked_where_it_stands_and_nowhere_else(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    plain = picture(visitor, f"/documents/{OPEN}/pages/1")
    marked = yellow(picture(visitor, f"/documents/{OPEN}/pages/1?q={QUESTION}"))
    assert not yellow(plain).any()
    down, across = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    height, width = marked.shape
    # 渗漏 are the fourth and fifth of seven characters of a line from 0.3 to 0.7 of the width.
    assert 0.46 < across[0] / width < 0.48
    assert 0.58 < across[-1] / width < 0.60
    assert 0.49 < down[0] / height < down[-1] / height < 0.54


def test_a_field_can_be_shown_on_the_picture(sign_in: SignIn) -> None:
    marked = yellow(picture(sign_in("staff"), f"/documents/{OPEN}/pages/1?field=quality"))
    across = np.flatnonzero(marked.any(axis=0)) / marked.shape[1]
    assert (0.29 < across[0] < 0.31, 0.69 < across[-1] < 0.71) == (True, True)


def test_the_page_says_what_was_recognised_and_what_is_doubtful(sign_in: SignIn) -> None:
    answer = sign_in("staff").get(f"/documents/{OPEN}?q={QUESTION}").text
    assert "下水管渗漏两处" in answer
    assert re.search(r'<span class="tag info">识别</span>\s*<span class="tag wait">请核对</span>', answer)
    assert "本页 1 处" in answer


def test_a_search_result_names_the_field_and_leads_to_the_place(sign_in: SignIn) -> None:
    answer = sign_in("staff").get(f"/search/?q={QUESTION}").text
    assert re.search(r"服务质量|质量", answer)
    assert re.search(rf'href="/documents/{OPEN}\?page=1&amp;q=[^"]+">[^<]+<small>识别 · 第 1 页</small>', answer)


def test_a_correction_shows_at_once_and_is_found_instead_of_what_was_misread(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    done = visitor.post(f"/documents/{OPEN}/pages/1/text", field="quality", text="下水管锈穿一处")
    assert done.status_code == 302
    answer = visitor.get(f"/documents/{OPEN}").text
    assert "下水管锈穿一处" in answer
    assert '<span class="tag good">已更正</span>' in answer
    assert f"/documents/{OPEN}" in visitor.get("/search/?q=锈穿").text
    assert "没有找到" in visitor.get(f"/search/?q={QUESTION}").text


def test_without_a_grant_nothing_is_read_marked_or_corrected(office: Office, sign_in: SignIn) -> None:
    for name in ("staff", "archivist", "manager", "admin"):
        visitor = sign_in(name)
        for address in (
            f"/documents/{CLOSED}?q={QUESTION}",
            f"/documents/{CLOSED}/pages/1?q={QUESTION}&field=decision",
        ):
            answer = visitor.get(address)
            assert answer.status_code == 404
            assert "渗漏两处" not in answer.text
        assert visitor.post(f"/documents/{CLOSED}/pages/1/text", field="decision", text="改").status_code == 404
        if name != "admin":
            assert f"/documents/{CLOSED}" not in visitor.get(f"/search/?q={QUESTION}").text
    with office.reading() as session:
        assert session.scalars(select(Page.text).where(Page.document_id == CLOSED)).one() == "下水管渗漏两处"
        assert session.scalar(select(AuditEntry.seq).where(AuditEntry.verb == Verb.PAGE_CORRECTED)) is None


@pytest.mark.usefixtures("granted")
def test_under_a_grant_what_was_read_is_shown_and_logged_by_page(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    answer = visitor.get(f"/documents/{CLOSED}").text
    assert "渗漏两处" in answer
    with office.reading() as session:
        shown = session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.PAGE_TEXT_SHOWN)).all()
    assert [entry.subject for entry in shown] == [f"document:{CLOSED}"]
    assert '"page":1' in shown[0].details
    assert visitor.post(f"/documents/{CLOSED}/pages/1/text", field="decision", text="同意施工").status_code == 302
    assert f"/documents/{CLOSED}" in visitor.get("/search/?q=同意施工").text
    assert SECRET_TEXT not in sign_in("archivist").get("/search/?q=同意施工").text
