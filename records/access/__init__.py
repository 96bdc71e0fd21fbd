"""Who may see what, and because of what: the one place where access is decided.

Handbook DA 4.3: a dossier is opened only with the manager's approval, after an archivist has registered it.
Every decision carries its because; callers show it and log it, and nobody decides by themselves.
"""

from __future__ import annotations

from records.access.deciding import (
    ContentClosed,
    Decision,
    judge_document,
    log_document,
    log_dossier,
    log_shown,
    may_print_document,
    may_see_document,
    may_see_dossier,
    may_take_dossier,
    open_dossiers,
    sees_series,
)
from records.access.ending import end_grants, endings, give_back, revoke
from records.access.forgetting import forget
from records.access.requests import (
    LONGEST_GRANT,
    MODES,
    OwnRegistration,
    OwnRequest,
    PeriodOver,
    RequestNotReady,
    approve,
    find_request,
    keeps_requests,
    list_requests,
    refuse,
    register,
    request_access,
)
from records.access.states import STATE_ZH, asked_for

__all__ = [
    "LONGEST_GRANT",
    "MODES",
    "STATE_ZH",
    "ContentClosed",
    "Decision",
    "OwnRegistration",
    "OwnRequest",
    "PeriodOver",
    "RequestNotReady",
    "approve",
    "asked_for",
    "end_grants",
    "endings",
    "find_request",
    "forget",
    "give_back",
    "judge_document",
    "keeps_requests",
    "list_requests",
    "log_document",
    "log_dossier",
    "log_shown",
    "may_print_document",
    "may_see_document",
    "may_see_dossier",
    "may_take_dossier",
    "open_dossiers",
    "refuse",
    "register",
    "request_access",
    "revoke",
    "sees_series",
]
