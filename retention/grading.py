"""Which of its form's rules a document follows, chosen anew: a violation graded 一般 or 重大 (handbook WZ 4.6)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.tables import Document
from records.users import Actor, Role
from retention import holds
from retention.tables import RuleChoice


class NoSuchChoice(OfficeError):
    """The document's form does not offer this rule."""

    code = "retention.no_such_choice"
    zh = "{reference} 的表单不能选用 {rule};可选:{choices}。"
    en = "The form of {reference} does not offer {rule}; choose one of {choices}."


def choose(
    session: Session, actor: Actor, document: Document, rule: str, choices: Collection[str], reason: str
) -> RuleChoice:
    """Let a document follow another of its form's rules; every date computed from now on follows it.

    ``choices``: the keys that its form offers. Raises NotAllowed, BadInput (no reason, destroyed, no change),
    NoSuchChoice.
    """
    actor.require("改定保管期限", Role.SUPERVISOR, Role.MANAGER)
    holds.take_turns(session)
    session.refresh(document)
    if rule not in choices:
        raise NoSuchChoice(reference=document.serial or document.id, rule=rule, choices="、".join(sorted(choices)))
    if not reason.strip():
        raise BadInput(what="改定等级须写明原因")
    if document.state == "destroyed":
        raise BadInput(what="此件已销毁")
    if document.rule == rule:
        raise BadInput(what=f"{document.serial or document.id} 已按 {rule} 保管")
    choice = RuleChoice(
        document_id=document.id,
        before=document.rule,
        after=rule,
        reason=reason.strip(),
        chosen_by=actor.id,
        chosen_at=clock.now(),
    )
    session.add(choice)
    document.rule = rule
    session.flush()
    details = {"before": choice.before, "after": rule, "choice": choice.id}
    audit.append(session, actor.id, Verb.RULE_CHOSEN, f"document:{document.id}", details)
    return choice


def choices_of(session: Session, document_id: int) -> list[RuleChoice]:
    """What was chosen for a document, oldest first."""
    query = select(RuleChoice).where(RuleChoice.document_id == document_id)
    return list(session.scalars(query.order_by(RuleChoice.id)))
