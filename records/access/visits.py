"""Visits 查阅登记: who came under a grant, the paper that proved them, and what they were shown (DA 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.access.access_tables import Visit
from records.audit import Verb
from records.errors import BadInput
from records.tables import AccessRequest
from records.users import Actor, Role

#: The papers that people prove themselves with; anything else is written out.
PAPERS = ("内部人员（当面认识）", "居民身份证", "工作证", "介绍信", "律师证", "授权委托书")


@dataclass(frozen=True)
class Visitor:
    """Who came. ``paper``: its kind and the last digits of its number; ``shown``: what was laid before them."""

    person: str
    paper: str
    shown: str

    @classmethod
    def asker(cls, request: AccessRequest) -> Visitor:
        """The asker in person, whom the archivist knows; shown what was asked for."""
        return cls(request.asker.name, PAPERS[0], "所申请的全部档案")

    def checked(self) -> Visitor:
        """The same without spaces around, nothing empty or too long. Raises BadInput."""
        return Visitor(
            _text("来人姓名", self.person, 64), _text("证件", self.paper, 96), _text("出示内容", self.shown, 2000)
        )


def add_visit(session: Session, actor: Actor, request: AccessRequest, visitor: Visitor) -> Visit:
    """Register who came and what was shown; also later, while the grant is in force. Raises NotAllowed, BadInput."""
    actor.require("登记查阅", Role.ARCHIVIST)
    if request.state != "registered":
        raise BadInput(what=f"申请 {request.id} 没有生效的授权,不能登记来人")
    came = visitor.checked()
    row = Visit(
        request_id=request.id,
        person=came.person,
        paper=came.paper,
        shown=came.shown,
        came_at=clock.now(),
        registered_by=actor.id,
    )
    session.add(row)
    session.flush()
    audit.append(session, actor.id, Verb.ACCESS_VISITED, f"request:{request.id}", {"visit": row.id})
    return row


def _text(name: str, value: str, longest: int) -> str:
    clean = value.strip()
    if not clean or len(clean) > longest:
        raise BadInput(what=f"{name}为空" if not clean else f"{name}超过 {longest} 字")
    return clean


def visits_of(session: Session, request_ids: list[int]) -> list[Visit]:
    """The visits under these requests, oldest first."""
    query = select(Visit).where(Visit.request_id.in_(request_ids)).order_by(Visit.came_at, Visit.id)
    return list(session.scalars(query))
