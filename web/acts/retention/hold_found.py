"""A hold on what a question finds: asked as the search page asks it, within what the holder may know of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from records import access
from records.errors import BadInput, OfficeError
from records.users import Actor
from retention.holds import HOLDERS, MOST_FOUND
from search.asking import Question, Visible, ask
from search.results import Hit, every_hit
from web.office import Office


class FoundMoved(OfficeError):
    """What the question finds is not what was confirmed."""

    code = "retention.found_moved"
    zh = "检索结果已有变化(确认的 {confirmed} 件,现在 {now} 件),请看过后再冻结。"
    en = "The question finds something else by now ({confirmed} confirmed, {now} now); look at it again."


@dataclass(frozen=True)
class Found:
    """What a question finds now: the documents' ids, and a digest by which the confirmation names them."""

    hits: Sequence[Hit]
    document_ids: Sequence[int]
    seen: str


def find(session: Session, office: Office, actor: Actor, question: Question) -> Found:
    """Everything that the question finds and the actor may know of. Raises NotAllowed, BadInput (too much)."""
    actor.require("冻结档案", *HOLDERS)
    visible = Visible(access.open_dossiers(session, actor), access.sees_series(actor))
    hits = list(every_hit(session, ask(office.index, question, visible), visible, MOST_FOUND + 1))
    if len(hits) > MOST_FOUND:
        raise BadInput(what=f"检索结果超过 {MOST_FOUND} 件,请缩小范围,或按单元、类别冻结")
    ids = sorted({hit.document_id for hit in hits})
    return Found(hits, ids, hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:32])


def in_one_text(question: Question) -> str:
    """All that decides what a question finds, for its digest."""
    parts = (question.text, question.within, question.unit, question.form, question.since or "", question.until or "")
    return "\n".join(map(str, parts)).strip()


def require_seen(found: Found, seen: str, count: int) -> None:
    """Raise FoundMoved unless this is what was looked at."""
    if seen != found.seen:
        raise FoundMoved(confirmed=count, now=len(found.document_ids))


def require_count(found: Found, count: int) -> None:
    """Raise FoundMoved unless as many were found as the holder expects."""
    if count != len(found.document_ids):
        raise FoundMoved(confirmed=count, now=len(found.document_ids))
