"""An office's own Word template: what is alive, unknown, forgotten or misspelt in it is named, and not installed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.catalogue import load_catalogue
from forms.drawing.typeface import load_typeface
from forms.printing.issuing import print_sheets
from forms.printing.reprinting import LayoutChanged, reprint
from forms.printing.shop import PrintShop
from forms.word import checking
from forms.word.checking import (
    FieldsForgotten,
    NotATemplate,
    TemplateMisspelt,
    TrialFailed,
    UnknownTemplateFields,
    UnsafeTemplate,
    check,
)
from forms.word.installing import install, remove
from forms.word.templates import WordShelf
from records.audit import Verb
from records.database import Database
from records.errors import NotAllowed, OfficeError
from records.tables import AuditEntry

CATALOGUE = load_catalogue()
FORM = CATALOGUE.form("RZ-01")
GOOD = WordShelf.built_in(FORM).data
RELS = "word/_rels/document.xml.rels"
DOCUMENT = "word/document.xml"
Edit = Callable[[str], str]


def changed(edits: Mapping[str, Edit] | None = None, more: Mapping[str, bytes] | None = None) -> bytes:
    """The built-in template with some parts edited and some added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            edit = (edits or {}).get(entry.filename)
            new.writestr(entry.filename, edit(text.decode()).encode() if edit else text)
        for name, data in (more or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def with_text(text: str) -> bytes:
    """The built-in template with one more paragraph."""
    document = Document(io.BytesIO(GOOD))
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def link(kind: str, target: str, mode: str = ' TargetMode="External"') -> Edit:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    row = f'<Relationship Id="rId99" Type="{base}{kind}" Target="{target}"{mode}/></Relationships>'
    return lambda xml: xml.replace("</Relationships>", row)


def in_body(xml: str) -> Edit:
    return lambda text: text.replace("<w:sectPr", f"{xml}<w:sectPr", 1)


UNSAFE = {
    "a macro": (changed(more={"word/vbaProject.bin": b"x"}), "宏"),
    "a macro document": (
        changed({"[Content_Types].xml": lambda xml: xml.replace("wordprocessingml.document", "macroEnabled")}),
        "宏",
    ),
    "an external link": (changed({RELS: link("hyperlink", "http://evil.example/")}), "evil.example"),
    "an external picture": (changed({RELS: link("image", "file:///c:/a.png")}), "a.png"),
    "a remote template": (changed({RELS: link("attachedTemplate", "http://evil.example/t.dotm")}), "远程模板"),
    "an embedded object": (changed(more={"word/embeddings/oleObject1.bin": b"x"}), "嵌入的对象"),
    "an ole element": (changed({DOCUMENT: in_body("<w:p><w:r><w:object/></w:r></w:p>")}), "嵌入的对象"),
    "a foreign part": (changed({DOCUMENT: in_body("<w:altChunk/>")}), "altChunk"),
    "a field that fetches": (
        changed(
            {
                DOCUMENT: in_body(
                    "<w:p><w:r><w:instrText>INCLUDE</w:instrText></w:r>"
                    '<w:r><w:instrText>TEXT "c:/secret"</w:instrText></w:r></w:p>'
                )
            }
        ),
        "INCLUDETEXT",
    ),
    "a dde field": (changed({DOCUMENT: in_body('<w:p><w:fldSimple w:instr="DDEAUTO cmd"/></w:p>')}), "DDEAUTO"),
    "an entity": (changed({DOCUMENT: lambda xml: f'<!DOCTYPE a [<!ENTITY b "c">]>{xml[xml.index("<w:") :]}'}), "实体"),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_whatever_could_run_fetch_or_carry_along_is_refused_and_named(case: str) -> None:
    data, named = UNSAFE[case]
    with pytest.raises(UnsafeTemplate, match=named):
        check(FORM, "通知.docx", data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "不是 .docx"),
        (b"PK\x03\x04 broken", "不是 .docx"),
        (b"\xd0\xcf\x11\xe0" * 200, "旧版"),
        (GOOD[: len(GOOD) // 2], "不是 .docx"),
    ],
)
def test_what_is_no_word_document_is_refused_in_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(NotATemplate, match=why):
        check(FORM, "通知.docx", data)
    with pytest.raises(NotATemplate, match="不用 Word 模板"):
        check(CATALOGUE.form("HF-01"), "通知.docx", GOOD)


def test_a_field_that_the_form_has_not_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownTemplateFields, match=r"ownr\(是否应为 owner:业主姓名\)") as refused:
        check(FORM, "通知.docx", with_text("{{ ownr }}"))
    assert "办理地点(place)" in str(refused.value)
    with pytest.raises(UnknownTemplateFields, match=r"row\.price"):
        check(FORM, "通知.docx", with_text("{% for row in fees %}{{ row.price }}{% endfor %}"))
    with pytest.raises(UnknownTemplateFields, match=r"form\.secret"):
        check(FORM, "通知.docx", with_text("{{ form.secret }}"))


def test_fields_left_out_are_named_in_chinese_and_let_pass_only_knowingly() -> None:
    bare = changed({DOCUMENT: lambda xml: xml.replace("office_hours", "place")})
    with pytest.raises(FieldsForgotten, match=r"每日办公时间\(office_hours\)"):
        check(FORM, "通知.docx", bare)
    assert dict(check(FORM, "通知.docx", bare, incomplete=True).left_out) == {"office_hours": "每日办公时间"}


@pytest.mark.parametrize("key", ["serial", "qr"])
def test_number_and_code_stand_in_the_header_whatever_else_is_left_out(key: str) -> None:
    without = changed({"word/header1.xml": lambda xml: re.sub(rf"{{{{\s*{key}\s*}}}}", "", xml)})
    with pytest.raises(FieldsForgotten, match=f"\\({key}\\)"):
        check(FORM, "通知.docx", without, incomplete=True)
    elsewhere = Document(io.BytesIO(without))
    elsewhere.add_paragraph(f"{{{{ {key} }}}}")
    out = io.BytesIO()
    elsewhere.save(out)
    with pytest.raises(FieldsForgotten, match="页眉"):
        check(FORM, "通知.docx", out.getvalue())


def test_a_first_page_with_a_header_of_its_own_needs_the_code_too() -> None:
    document = Document(io.BytesIO(GOOD))
    document.sections[0].different_first_page_header_footer = True
    out = io.BytesIO()
    document.save(out)
    with pytest.raises(FieldsForgotten, match="页眉"):
        check(FORM, "通知.docx", out.getvalue())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("请到{{ place 办理", "正文第"),
        ("{% for row in fees %}没有结束", "正文第"),
        ("{{ owner | strange }}", "strange"),
        ("{{ owner | safe }}", "safe"),
        ("{{ owner.upper() }}", "调用函数"),
        ("{% for n in range(9) %}{% endfor %}", "调用函数"),
        ("{{ 'a' * 9999999999 }}", "Mul"),
        ("{% include 'x' %}", "Include"),
        ("{% autoescape false %}{{ owner }}{% endautoescape %}", "Scope"),
        ("{{ ''.__class__.__mro__ }}{{ owner.__init__() }}", "调用函数"),
    ],
)
def test_marks_that_are_wrong_or_do_more_than_fill_in_are_named_with_their_place(text: str, why: str) -> None:
    with pytest.raises(TemplateMisspelt, match=re.escape(why)) as refused:
        check(FORM, "通知.docx", with_text(text))
    assert "段「" in str(refused.value)


def test_what_a_template_reaches_for_beyond_the_values_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = check(FORM, "通知.docx", with_text("{{ owner.__class__ }}{{ ''.__class__ }}"))
    made = checking.fill_word(FORM, "", {}, "s", checking.qr_png("x"), "o", template=checked.template)
    assert "class" not in checking._text_of(made)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}%#|.()[]'\"abc_ ownerfees一二 -+*/<>&\n", max_size=40))
def test_whatever_is_typed_into_a_template_is_a_sentence_or_a_document(text: str) -> None:
    try:
        check(FORM, "通知.docx", with_text(text))
    except OfficeError as error:
        assert error.sentence("zh") and error.sentence("en")


def test_a_damaged_part_is_a_sentence() -> None:
    with pytest.raises((TrialFailed, NotATemplate)):
        check(FORM, "通知.docx", changed({DOCUMENT: lambda xml: xml[:-50]}))


@pytest.fixture
def shop(tmp_path: Path) -> PrintShop:
    return PrintShop(CATALOGUE, load_typeface(), bytes(32), "东光", WordShelf(tmp_path / "words"))


def test_an_installed_template_is_printed_from_and_told_on_paper_and_in_the_log(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    checked = check(FORM, "通知.docx", with_text("本处自有的一句话"))
    with database.transaction() as session:
        before = print_sheets(session, shop, actors.staff, FORM, word=True)
        with pytest.raises(NotAllowed):
            install(session, shop, actors.staff, FORM, checked)
        install(session, shop, actors.archivist, FORM, checked)
        after = print_sheets(session, shop, actors.staff, FORM, word=True)
        entry = session.query(AuditEntry).filter(AuditEntry.verb == Verb.TEMPLATE_INSTALLED).one()
        assert checked.template.digest in entry.details
    assert "本处自有的一句话" not in checking._text_of(before.data)
    text = checking._text_of(after.data)
    assert "本处自有的一句话" in text
    assert f"第1-{checked.template.digest[:4].upper()}版" in text


def test_a_number_is_printed_again_from_the_template_it_was_printed_from(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    with database.transaction() as session:
        old = print_sheets(session, shop, actors.staff, FORM, word=True)
        install(session, shop, actors.manager, FORM, check(FORM, "a.docx", with_text("第一稿")))
        first = print_sheets(session, shop, actors.staff, FORM, word=True)
        install(session, shop, actors.manager, FORM, check(FORM, "b.docx", with_text("第二稿")))
        again = reprint(session, shop, actors.staff, first.serials[0], "卡纸")
        assert "第一稿" in checking._text_of(again.data)
        assert "稿" not in checking._text_of(reprint(session, shop, actors.staff, old.serials[0], "卡纸").data)
        assert remove(session, shop, actors.manager, FORM)
        assert not remove(session, shop, actors.manager, FORM)
        assert "第一稿" in checking._text_of(reprint(session, shop, actors.staff, first.serials[0], "卡纸").data)
        for kept in (shop.shelf.folder or Path()).rglob("*.docx"):
            kept.unlink()
        with pytest.raises(LayoutChanged):
            reprint(session, shop, actors.staff, first.serials[0], "卡纸")
