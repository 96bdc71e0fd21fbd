"""The one place where a refusal becomes a page: office errors, unknown addresses, stale forms, and our own faults."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoSuchAddress
from werkzeug.routing import RequestRedirect

from records.access import ContentClosed
from records.errors import NotAllowed, NotFound, OfficeError
from records.vault import NoMasterKey
from web.wording.language import told

STATUS: dict[type[OfficeError], int] = {NotFound: 404, NotAllowed: 403, ContentClosed: 403, NoMasterKey: 503}


def prepare(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(OfficeError, refused)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(HTTPException, not_served)
    app.register_error_handler(500, our_fault)


def refused(error: OfficeError) -> ResponseReturnValue:
    """An act that the office refuses: the sentence, on the page where it was tried, with what had been typed."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    sentence = told(error.sentence("zh"), error.sentence("en"))
    if _wants_data():
        return {"code": error.code, "message": sentence}, status
    if request.method == "POST":
        page = _page_of_the_form(sentence)
        if page is not None:
            answer = current_app.make_response(page)
            answer.status_code = status
            return answer
    return failure_page(status, sentence), status


def _page_of_the_form(sentence: str) -> ResponseReturnValue | None:
    """The page whose form was sent: acts are addressed ``<page>/<act>``, or as the page itself."""
    for path in (request.path, request.path.rsplit("/", 1)[0]):
        found = _view_of(path)
        if found is None:
            continue
        endpoint, arguments = found
        try:
            flash(sentence, "danger")
            view = current_app.ensure_sync(current_app.view_functions[endpoint])
            return cast(ResponseReturnValue, view(**arguments))
        except OfficeError:
            return None
    return None


def _view_of(path: str) -> tuple[str, dict[str, object]] | None:
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not path:
        return None
    try:
        endpoint, arguments = adapter.match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return str(endpoint), dict(arguments)


def stale_form(_error: CSRFError) -> ResponseReturnValue:
    """A form sent from a session that has ended, or from elsewhere."""
    return failure_page(400, _("此页已过期，请返回后重新提交。")), 400


def not_served(error: HTTPException) -> ResponseReturnValue:
    """Addresses that lead nowhere, and what else HTTP refuses."""
    code = error.code or 500
    if code == 500:
        return our_fault(error)
    sentences = {
        NoSuchAddress.code: _("没有这个页面，或您不能打开它。"),
        RequestEntityTooLarge.code: _("文件过大，请分批上传（每次不超过 512 MB）。"),
    }
    sentence = sentences.get(code, _("这个请求无法处理。"))
    if _wants_data():
        return {"code": f"http.{code}", "message": sentence}, code
    return failure_page(code, sentence), code


def our_fault(_error: Exception) -> ResponseReturnValue:
    """Something we did not foresee; Flask has written it to the server's own journal."""
    sentence = _("系统内部出错，刚才的操作没有生效，已有资料不受影响。请重试；如仍出错，请告知系统管理员。")
    if _wants_data():
        return {"code": "office.fault", "message": sentence}, 500
    return failure_page(500, sentence), 500


def failure_page(status: int, sentence: str) -> str:
    """A whole page that says one sentence and where to go on."""
    return render_template("failure.html", status=status, sentence=sentence)


def _wants_data() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
