"""Search 检索: one box for everything. Permission is part of the question, so that nothing closed is even counted."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import access, audit, clock
from records.audit import Verb
from records.users import OFFICE_ROLES
from retention.certificates import tombstone
from search import saved, widening
from search.asking import Order, Question, Visible, ask
from search.facets import facets
from search.results import Results, every_hit, search
from search.suggestions import Suggestion, did_you_mean, suggest
from web import visit
from web.acts import found_sheet
from web.acts.scans.page_texts import field_names
from web.links import facet_links
from web.links.label_links import led_to
from web.links.shortcuts import closed_dossiers, homes, shortcuts
from web.visit import only
from web.wording.language import language
from web.wording.words import READINGS, REASONS

views = Blueprint("search", __name__, url_prefix="/search")
PER_PAGE = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_TYPED = 100
#: While somebody types, what was found is logged once in so many seconds.
_TYPING = 60


@views.get("/")
@only(*OFFICE_ROLES)
def page() -> ResponseReturnValue:
    """What was found, with what the words name outright above it; without words, what was saved and how to ask.

    ``live``: only the answer, for the page that shows it while its box is typed into.
    """
    question, live = asked_for(), bool(request.args.get("live"))
    template = "search_answer.html" if live else "search.html"
    if not question.text:
        return render_template(template, text="", results=None, examples=_examples(), saved=_saved())
    address = None if live else led_to(question.text)
    if address is not None:
        return redirect(address)
    results = _found(question)
    if not request.args.get("before") and (not live or _begins_typing()):
        _log({"found": results.total})
    return render_template(template, **_answer(question, results, live=live))


def _found(question: Question) -> Results:
    number, before = max(1, request.args.get("page", 1, type=int)), request.args.get("before", type=int)
    return search(
        visit.look(), visit.office().index, question, _visible(), limit=PER_PAGE, offset=(number - 1) * PER_PAGE,
        before=before if question.order == "date" else None,
    )  # fmt: skip


def _answer(question: Question, results: Results, *, live: bool) -> dict[str, Any]:
    look, index, visible, catalogue = visit.look(), visit.office().index, _visible(), visit.office().catalogue
    text, nothing = question.text, not results.total
    return {
        "text": text,
        "question": question,
        "results": results,
        "counted": (counted := facets(look, index, question, visible)),
        "groups": facet_links.groups(counted, catalogue, text, question.within),
        "meant": _meant(text, visible) if nothing else [],
        "wider": widening.wider(look, index, text, visible=visible) if nothing else [],
        "shortcuts": shortcuts(text),
        "homes": homes(text),
        "closed": closed_dossiers(text),
        "suggestions": _suggestions(text) if live else [],
        "gone": tombstone(look, text),
        "forms": {form.code: form for form in catalogue.forms},
        "names": partial(field_names, catalogue),
        "known_by": READINGS,
        "reasons": REASONS,
        "again": partial(_again, question),
        "page": max(1, request.args.get("page", 1, type=int)),
        "per_page": PER_PAGE,
        "examples": _examples(),
        "saved": [],
    }


def _meant(text: str, visible: Visible) -> list[str]:
    """Near questions; where there are none on those days, on any."""
    tried = dict.fromkeys([text, widening.undated(text)])
    found = (
        did_you_mean(visit.look(), visit.office().index, one, visible=visible, register=True) for one in tried if one
    )
    return next((meant for meant in found if meant), [])


@views.get("/suggestions")
@only(*OFFICE_ROLES)
def suggestions() -> ResponseReturnValue:
    """How the question being typed may go on, for the box on every page."""
    return jsonify(suggestions=[asdict(one) for one in _suggestions(request.args.get("q", "")[:_LONGEST_TYPED])])


def _suggestions(typed: str) -> list[Suggestion]:
    kinds = {"unit": _("单元"), "owner": _("业主"), "form": _("表单"), "serial": _("编号")}
    found = suggest(visit.look(), visit.office().index, typed, visible=_visible(), register=True)
    return [Suggestion(kinds[one.kind], one.name, one.text) for one in found]


@views.get("/results.xlsx")
@only(*OFFICE_ROLES)
def sheet() -> ResponseReturnValue:
    """All that was found as a worksheet, in the same order of days; what it took along stands in the log."""
    visible = _visible()
    asked = ask(visit.office().index, asked_for(), visible)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.xlsx"
        written = found_sheet.write(every_hit(visit.look(), asked, visible, found_sheet.MOST_ROWS), path)
        answer = Response(path.read_bytes(), mimetype=XLSX)
    _log({"found": written, "written": written})
    name = f"{clock.today():%Y%m%d}-results.xlsx"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def asked_for() -> Question:
    """The question and what narrows it, from the address or from a submitted form."""
    given = request.values
    return Question(
        given.get("q", "").strip(),
        given.get("within", "").strip(),
        given.get("unit", "").strip(),
        given.get("form", "").strip(),
        _date(given.get("since", "")),
        _date(given.get("until", "")),
        "relevance" if given.get("order") == "relevance" else "date",
    )


def address_of(question: Question, endpoint: str = "search.page", **more: object) -> str:
    """The address of a question with what narrows it."""
    narrowed = {
        name: value for name in ("within", "unit", "form", "since", "until") if (value := getattr(question, name))
    }
    order = {"order": question.order} if question.order != "date" else {}
    return url_for(endpoint, **{"q": question.text or None, **narrowed, **order, **more})


def _again(question: Question, order: Order | None = None, endpoint: str = "search.page", **more: object) -> str:
    return address_of(replace(question, order=order or question.order), endpoint, **more)


def _visible() -> Visible:
    look, me = visit.look(), visit.actor()
    return Visible(access.open_dossiers(look, me), access.sees_series(me))


def _date(text: str) -> date | None:
    return clock.parse_date(text.strip()) if text.strip() else None


def _log(details: dict[str, int]) -> None:
    with visit.act() as acting:
        audit.append(acting, visit.actor().id, Verb.SEARCHED, "search", details)


def _begins_typing() -> bool:
    now = time.time()
    begun = session.get("typing", 0.0)
    if 0 <= now - begun < _TYPING:
        return False
    session["typing"] = now
    return True


def _saved() -> list[dict[str, Any]]:
    me = visit.actor()
    return [
        {"row": row, "own": row.saved_by == me.id, "address": address_of(saved.question_of(row))}
        for row in saved.listed(visit.look(), me)
    ]


def _examples() -> list[tuple[str, str]]:
    """Questions to learn from, in the language of the page."""
    chinese = language() == "zh"
    return [
        ("漏水 装修", _("两个词都要有")),
        ('"卫生间渗水"', _("原文照写，一字不差")),
        ("漏水 或 渗水" if chinese else "漏水 OR 渗水", _("有一个就行")),
        ("单元:3-2-1201 非 投诉" if chinese else "unit:3-2-1201 NOT 投诉", _("限定单元，排除一词")),
        ("表单:回访记录表" if chinese else "form:HF-01", _("限定表单，名称、别名、代码都可以")),
        (
            "日期:[2026-01 至 2026-03]" if chinese else "date:[2026-01 to 2026-03]",
            _("限定日期；也可写 日期：上月、日期：近7天"),
        ),
        ("状态:缺签名" if chinese else "state:unsigned", _("限定状态：在用、原业主、业务记录、缺签名、签名齐全")),
    ]
