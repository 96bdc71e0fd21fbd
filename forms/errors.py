"""What the life of numbers and books refuses: each a stable code and a sentence that says what to do next."""

from __future__ import annotations

from records.errors import OfficeError


class NotABook(OfficeError):
    """The form is not printed in books."""

    code = "book.not_a_book"
    zh = "{form} 不是成册表单,请按单页打印。"
    en = "{form} is not printed in books; print it as sheets."


class BookAlreadyIssued(OfficeError):
    """A book is issued once."""

    code = "book.already_issued"
    zh = "{book} 已领用或已结册(现为:{state}),不能再次领用。"
    en = "{book} has been issued already (now: {state_en})."


class BookEnded(OfficeError):
    """The book is closed; its pages are settled."""

    code = "book.ended"
    zh = "{book} {state},其页不能再改动。"
    en = "{book} is {state_en}; its pages are settled."


class BookNotClosable(OfficeError):
    """Pages are not accounted for; the sentence names them."""

    code = "book.not_closable"
    zh = "{book} 还有 {count} 页没有着落,不能结册:{pages}。请扫描、作废、注销空白页,或报告缺失。"
    en = "{book} cannot be closed: {count} pages are not accounted for: {pages_en}. Scan, void, cancel or report them."


class IncidentUnsigned(OfficeError):
    """A missing page's incident waits for a manager."""

    code = "book.incident_unsigned"
    zh = "{book} 缺失的页尚未由管理处经理签字,不能结册:{pages}。"
    en = "{book} cannot be closed: a manager has not signed for the missing pages: {pages_en}."


class BookNotInUse(OfficeError):
    """Only a book in use changes hands or is brought back full."""

    code = "book.not_in_use"
    zh = "{book} 现为:{state};只有使用中的册才能交接或交回。"
    en = "{book} is {state_en}; only a book in use changes hands or is brought back."


class PagesMiscounted(OfficeError):
    """The pages counted at a handover are not those that the book must have."""

    code = "book.pages_miscounted"
    zh = "{book} 应有 {expected} 页,清点为 {counted} 页;请重新清点,少页的先报告缺失,再办交接。"
    en = "{book} must have {expected} pages, {counted} were counted. Count again; report what is missing first."


class BookNotClosed(OfficeError):
    """Only a closed book is transferred."""

    code = "book.not_closed"
    zh = "{book} 现为:{state};只有已结册的册才能移交。"
    en = "{book} is {state_en}; only a closed book is transferred."


class PageNotVoidable(OfficeError):
    """A page that came back, or is settled otherwise, is not voided."""

    code = "book.page_not_voidable"
    zh = "{serial} 现为「{state}」,不能作废。"
    en = "{serial} is {state_en} and cannot be voided."


class PageNotBlank(OfficeError):
    """A page that came back, or is settled otherwise, is not cancelled as blank."""

    code = "book.page_not_blank"
    zh = "这些页不能按空白页注销:{pages}。"
    en = "These pages cannot be cancelled as blank: {pages_en}."


class NotInBook(OfficeError):
    """The page belongs elsewhere."""

    code = "book.not_in_book"
    zh = "{serial} 不是 {book} 的页。"
    en = "{serial} is no page of {book}."


class PageNotMissing(OfficeError):
    """A page whose scan is here is not missing; nor is one already reported."""

    code = "book.page_not_missing"
    zh = "{serial} 现为「{state}」,不能报告缺失。"
    en = "{serial} is {state_en} and cannot be reported missing."


class NoIncident(OfficeError):
    """There is nothing for the manager to sign."""

    code = "book.no_incident"
    zh = "{serial} 没有待签字的缺失报告(现为「{state}」)。"
    en = "{serial} has no missing page report waiting for a signature (it is {state_en})."


class SamePerson(OfficeError):
    """Who reported a missing page does not sign for it."""

    code = "book.same_person"
    zh = "{serial} 的缺失由您本人报告,须由另一位经理签字。"
    en = "You reported {serial} missing yourself; another manager signs for it."


class NumberDestroyed(OfficeError):
    """The record of this number was destroyed; a paper that turns up later is not filed again."""

    code = "number.destroyed"
    zh = "{serial} 的档案已按期销毁,不能再归档;请把纸件一并销毁。"
    en = "The record of {serial} was destroyed when it was due; destroy this paper as well, it is not filed again."
