"""Installing an office's own Word template, and going back to the built-in one: checked, kept, and in the log."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms.catalogue import Form
from forms.drawing.qr import no_code
from forms.foreign.blank_space import is_blank
from forms.marks import PageMark
from forms.printing.job import BROKEN_BY_WORD
from forms.printing.shop import PrintShop
from forms.word import checking, fill_word, office_suite
from forms.word.checking import Checked, TrialFailed
from records import audit
from records.audit import Verb
from records.users import Actor, Role

MAY_INSTALL = (Role.ARCHIVIST, Role.MANAGER)


def prove(shop: PrintShop, form: Form, name: str, data: bytes, *, incomplete: bool = False) -> Checked:
    """Check a template, and where LibreOffice is there make a PDF of it: on every page the code's place is free.

    Touches no record, so that a conversion holds nobody up. Raises what ``word_checking.check`` raises,
    ConversionFailed.
    """
    checked = checking.check(form, name, data, incomplete=incomplete)
    if office_suite.find() is not None:
        mark = PageMark(f"{form.code}-2026-000000-0", BROKEN_BY_WORD, BROKEN_BY_WORD, 1, form.version)
        filled = fill_word(form, "", {}, mark.serial, no_code(), shop.office, template=checked.template)
        made = office_suite.to_pdf([filled])[0]
        if covered := [number for number, free in enumerate(is_blank(made, lambda paper: paper.qr), 1) if not free]:
            pages = "、".join(map(str, covered))
            why = f"第 {pages} 页右上角放编号码的地方有内容,请把页眉的码放回原处"
            raise TrialFailed(name=name, why=why, why_en=f"the code's place on page {pages} is covered")
    return checked


def install(session: Session, shop: PrintShop, actor: Actor, form: Form, checked: Checked) -> None:
    """Put a proven template in force. Archivist or manager. Raises NotAllowed."""
    actor.require("安装 Word 模板", *MAY_INSTALL)
    audit.lock(session)
    shop.shelf.install(form, checked.template.data)
    details = {"form": form.code, "digest": checked.template.digest, "left_out": sorted(checked.left_out)}
    audit.append(session, actor.id, Verb.TEMPLATE_INSTALLED, f"form:{form.code}", details)


def remove(session: Session, shop: PrintShop, actor: Actor, form: Form) -> bool:
    """Go back to the built-in template; False when it is in force already. Raises NotAllowed."""
    actor.require("恢复内置 Word 模板", *MAY_INSTALL)
    audit.lock(session)
    removed = shop.shelf.remove(form)
    if removed:
        audit.append(session, actor.id, Verb.TEMPLATE_REMOVED, f"form:{form.code}", {"form": form.code})
    return removed
