"""Looks at a Word template before an office may use it: nothing alive in it, every field known, none forgotten.

A template is text. What could run, fetch or carry something else (macros, links, embedded objects, a template that is
fetched from elsewhere) is refused, and of Jinja only what fills in and repeats is let through.
"""

from __future__ import annotations

import difflib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

import jinja2
from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import nodes
from lxml import etree

from forms.catalogue import Form
from forms.drawing.qr import qr_png
from forms.word import OFFICE_KEYS, fill_word, template_language
from forms.word.templates import WordTemplate
from records.errors import OfficeError

LARGEST = 20 * 2**20
LARGEST_UNPACKED = 200 * 2**20
MOST_SHOWN = 12
_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OWN_KEYS = {
    "serial": "编号",
    "qr": "编号码",
    "office": "单位名称",
    "copy": "联次",
    "reprint": "重印标记",
    "form": "表单",
}
_MUST = ("serial", "qr")
_ABOUT_FORM = ("name", "code", "version", "clause")
_FETCHING = re.compile(r"\b(INCLUDETEXT|INCLUDEPICTURE|DDEAUTO|DDE|LINK|DATABASE|IMPORT|MACROBUTTON)\b")
_FAR_LINK = re.compile(r"\bHYPERLINK\b(?!\s*\\l)")
_BROKEN = (zipfile.BadZipFile, KeyError, ValueError, OSError, RuntimeError, NotImplementedError, EOFError)
_PLACE_LENGTH = 40


class NotATemplate(OfficeError):
    """The file is no Word document that can be filled in."""

    code = "template.not_word"
    zh = "「{name}」不能作为《{form}》的模板:{why}。"
    en = "“{name}” cannot be the template of {form}: {why_en}."


class UnsafeTemplate(OfficeError):
    """The file holds something that could run, fetch or carry along; the sentence names what."""

    code = "template.unsafe"
    zh = "「{name}」含有模板中不允许的内容:{what}。请在 Word 中去掉后再装。"
    en = "“{name}” holds what a template may not: {what_en}. Take it out in Word and install it again."


class TemplateMisspelt(OfficeError):
    """The fill-in marks of the template cannot be read; the sentence names the place."""

    code = "template.misspelt"
    zh = "「{name}」{place}的填写标记有误:{why}。"
    en = "A mark in “{name}”, at {place}, cannot be read: {why_en}."


class UnknownTemplateFields(OfficeError):
    """The template asks for what the form does not have."""

    code = "template.unknown_fields"
    zh = "「{name}」用了《{form}》没有的字段:{fields}。可用的字段:{known}。"
    en = "“{name}” uses fields that {form_en} does not have: {fields}. It has: {known}."


class FieldsForgotten(OfficeError):
    """What would be entered, or the number or code, would not stand on the paper."""

    code = "template.missing_fields"
    zh = "「{name}」缺少《{form}》的这些字段,填写的内容将印不出来:{fields}。"
    en = "“{name}” lacks fields of {form_en}, so that what is entered would not be printed: {fields}."


class TrialFailed(OfficeError):
    """Filled in with sample values, the template did not make the document it should."""

    code = "template.trial_failed"
    zh = "「{name}」试填失败:{why}。"
    en = "Filling in “{name}” for a trial failed: {why_en}."


@dataclass(frozen=True)
class Checked:
    """A template that may be used, and the form's fields that it leaves out (key and Chinese name)."""

    template: WordTemplate
    left_out: Mapping[str, str]


def check(form: Form, name: str, data: bytes, *, incomplete: bool = False) -> Checked:
    """Check a .docx as the template of an agreement or notice; ``incomplete``: fields may be left out knowingly.

    The number and the code are never left out: every page's header bears them. Raises NotATemplate, UnsafeTemplate,
    TemplateMisspelt, UnknownTemplateFields, FieldsForgotten, TrialFailed.
    """
    parts = _parts(form, name, data)
    _refuse_unsafe(name, parts)
    used = fields_in(form, name, data)
    left_out = {field.key: field.zh for field in form.fields if field.key not in used}
    forgotten = {key: _OWN_KEYS[key] for key in _MUST if key not in used} | ({} if incomplete else left_out)
    if forgotten:
        raise FieldsForgotten(name=name, form=form.zh, form_en=form.en, fields=_listed(forgotten))
    _require_headers(form, name, data)
    template = WordTemplate(data, own=True)
    _try_out(form, name, template, left_out)
    return Checked(template, left_out)


def _parts(form: Form, name: str, data: bytes) -> dict[str, bytes]:
    """The package's parts. Raises NotATemplate."""

    def refusal(why: str, why_en: str) -> NotATemplate:
        return NotATemplate(name=name, form=form.zh, why=why, why_en=why_en)

    if not form.is_word:
        raise refusal("这张表单不用 Word 模板", "this form has no Word template")
    if len(data) > LARGEST:
        raise refusal(f"文件大于 {LARGEST // 2**20} MB", f"it is larger than {LARGEST // 2**20} MB")
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise refusal("是旧版 .doc 或有密码的文件,请另存为不加密的 .docx", "it is an old .doc, or has a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(entry.file_size for entry in package.infolist()) > LARGEST_UNPACKED:
                raise refusal("展开后过大", "it is too large unpacked")
            parts = {entry.filename: package.read(entry) for entry in package.infolist()}
    except _BROKEN:
        raise refusal("不是 .docx,或文件已损坏", "it is no .docx, or damaged") from None
    if b"macroEnabled" in parts.get("[Content_Types].xml", b"") or any("vbaProject" in part for part in parts):
        raise UnsafeTemplate(name=name, what="宏(.docm、vbaProject)", what_en="macros")
    if _DOCUMENT.encode() not in parts.get("[Content_Types].xml", b""):
        raise refusal("不是 Word 文档(.docx)", "it is no Word document (.docx)")
    return parts


def _refuse_unsafe(name: str, parts: Mapping[str, bytes]) -> None:
    found = [problem for part, data in parts.items() for problem in _unsafe(name, part, data)]
    if found:
        what = dict(found)
        raise UnsafeTemplate(name=name, what="、".join(what), what_en=", ".join(what.values()))


def _unsafe(name: str, part: str, data: bytes) -> Iterator[tuple[str, str]]:
    """What in a part could run, fetch or carry along: in Chinese and English."""
    if re.search(r"(^|/)(embeddings|activeX)/", part):
        yield "嵌入的对象(OLE、ActiveX)", "embedded objects"
    if not part.endswith((".xml", ".rels")):
        return
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        yield "XML 实体声明", "XML entity declarations"
        return
    try:
        tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise TrialFailed(name=name, why=f"部件 {part} 已损坏", why_en=f"{part} is damaged") from None
    if part.endswith(".rels"):
        yield from _outside_links(tree)
    tags = {etree.QName(element).localname for element in tree.iter() if isinstance(element.tag, str)}
    if tags & {"OLEObject", "control", "object"}:
        yield "嵌入的对象(OLE、ActiveX)", "embedded objects"
    if "altChunk" in tags:
        yield "嵌入的外部文档(altChunk)", "an embedded foreign document"
    told = "".join(_instructions(tree))
    if found := _FETCHING.search(told) or _FAR_LINK.search(told):
        yield f"引用外部内容的域({found.group()})", f"a field that fetches content ({found.group()})"


def _outside_links(tree: etree._Element) -> Iterator[tuple[str, str]]:
    for link in tree.iter("{*}Relationship"):
        kind, target = str(link.get("Type", "")), str(link.get("Target", ""))
        if kind.endswith("/attachedTemplate"):
            yield f"远程模板 {target[:80]}", f"a remote template {target[:80]}"
        elif link.get("TargetMode", "").lower() == "external":
            yield f"外部链接 {target[:80]}", f"an external link {target[:80]}"
        elif kind.endswith(("/oleObject", "/package", "/vbaProject", "/aFChunk")):
            yield "嵌入的对象(OLE、宏、外部文档)", "embedded objects"


def _instructions(tree: etree._Element) -> Iterator[str]:
    """The instructions of the part's fields; Word may cut one into several runs."""
    for element in tree.iter("{*}instrText", "{*}fldSimple", "{*}fldChar"):
        kind = etree.QName(element).localname
        if kind == "fldChar":
            yield "\n"
        else:
            yield element.text or "" if kind == "instrText" else f"\n{' '.join(map(str, element.attrib.values()))}\n"


def fields_in(form: Form, name: str, data: bytes) -> set[str]:
    """The keys that the template uses. Raises TemplateMisspelt for marks not readable, UnknownTemplateFields."""
    known = known_fields(form)
    used: set[str] = set()
    strange: dict[str, str] = {}
    for part, source in _sources(name, form, data):
        tree = _parsed(name, part, source)
        asked = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
        own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"} | {"loop"}
        used |= asked & set(known)
        strange |= {key: _near(key, known) for key in sorted(asked - own - set(known))}
        strange |= dict.fromkeys(_strange_columns(form, tree), "")
    if strange:
        shown = "、".join(f"{key}{near}" for key, near in list(strange.items())[:MOST_SHOWN])
        raise UnknownTemplateFields(name=name, form=form.zh, form_en=form.en, fields=shown, known=_listed(known))
    return used


def known_fields(form: Form) -> dict[str, str]:
    """Every key that a form's template may use, with its Chinese name."""
    named = {key: zh for key, (zh, _) in OFFICE_KEYS.items()} | {field.key: field.zh for field in form.fields}
    return named | _OWN_KEYS


def _near(key: str, known: Mapping[str, str]) -> str:
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.6) or [k for k, zh in known.items() if zh == key]
    return f"(是否应为 {found[0]}:{known[found[0]]})" if found else ""


def _listed(fields: Mapping[str, str]) -> str:
    return "、".join(f"{zh}({key})" for key, zh in fields.items())


def _sources(name: str, form: Form, data: bytes) -> Iterator[tuple[str, str]]:
    """The Jinja source of body, headers, footers and notes, one paragraph a line. Raises NotATemplate."""
    template = DocxTemplate(io.BytesIO(data))
    try:
        template.init_docx()
        yield "正文", _lines(template.patch_xml(template.get_xml()))
        for uri, part in ((template.HEADER_URI, "页眉"), (template.FOOTER_URI, "页脚")):
            for _, found in template.get_headers_footers(uri):
                yield part, _lines(template.patch_xml(template.get_part_xml(found)))
        for found in template.docx.part.package.parts:
            if found.partname.endswith("/footnotes.xml"):
                yield "脚注", _lines(template.patch_xml(found.blob.decode()))
    except (PackageNotFoundError, etree.XMLSyntaxError, UnicodeDecodeError, *_BROKEN):
        raise NotATemplate(name=name, form=form.zh, why="文件已损坏", why_en="it is damaged") from None


def _lines(xml: str) -> str:
    return re.sub(r"<w:p([ >])", r"\n<w:p\1", xml.replace("\n", " "))


def _parsed(name: str, part: str, source: str) -> nodes.Template:
    environment = template_language()
    try:
        tree = environment.parse(source)
        # First what it may do: compiling already reckons out what is constant, and that may be anything.
        _refuse_acts(name, part, source, tree)
        environment.compile(tree)  # knows filters and tests too
        return environment.parse(source)
    except jinja2.TemplateSyntaxError as error:
        why = error.message or type(error).__name__
        raise TemplateMisspelt(name=name, place=_place(part, source, error.lineno), why=why, why_en=why) from None


def _place(part: str, source: str, line: int) -> str:
    """A place in words: the part, and the beginning of the paragraph."""
    lines = source.splitlines()
    text = unescape(re.sub(r"<[^>]+>", "", lines[min(line, len(lines)) - 1])).strip() if lines else ""
    return f"{part}第 {line} 段「{text[:_PLACE_LENGTH]}{'…' if len(text) > _PLACE_LENGTH else ''}」"


# What only fills in and repeats. A call, an import or a macro has no business in a form.
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.Test, nodes.For, nodes.If, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.CondExpr, nodes.Concat, nodes.Assign, nodes.Tuple, nodes.List, nodes.Keyword, nodes.Add, nodes.Sub,
)  # fmt: skip
_FILTERS = frozenset({
    "box", "default", "d", "upper", "lower", "trim", "join", "length", "count", "first", "last", "int", "float",
    "round", "sum", "reverse", "sort", "unique", "e", "escape", "string",
})  # fmt: skip


def _refuse_acts(name: str, part: str, source: str, tree: nodes.Node) -> None:
    for node in tree.find_all(nodes.Node):
        strange = f"过滤器 {node.name}" if isinstance(node, nodes.Filter) and node.name not in _FILTERS else ""
        if not isinstance(node, _ALLOWED):
            strange = {"Call": "调用函数"}.get(type(node).__name__, type(node).__name__)
        if strange:
            place = _place(part, source, node.lineno or 1)
            why, why_en = f"模板中不能使用{strange}", f"a template may not use {type(node).__name__}"
            raise TemplateMisspelt(name=name, place=place, why=why, why_en=why_en)


def _strange_columns(form: Form, tree: nodes.Node) -> Iterator[str]:
    """What is asked of a table's row, or of the form, that they do not have."""
    tables = {field.key: {column.key for column in field.columns} for field in form.fields if field.columns}
    held: dict[str, Iterable[str]] = {"form": _ABOUT_FORM}
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.iter, nodes.Name) and isinstance(loop.target, nodes.Name) and loop.iter.name in tables:
            held[loop.target.name] = tables[loop.iter.name]
    for got in tree.find_all(nodes.Getattr):
        if isinstance(got.node, nodes.Name) and got.node.name in held and got.attr not in held[got.node.name]:
            yield f"{got.node.name}.{got.attr}"


def _require_headers(form: Form, name: str, data: bytes) -> None:
    """Number and code stand in the header of every page: a page without them belongs to nobody."""
    document = Document(io.BytesIO(data))
    both_sides = document.settings.odd_and_even_pages_header_footer
    for number, section in enumerate(document.sections, start=1):
        headers = [section.header]
        headers += [section.first_page_header] if section.different_first_page_header_footer else []
        headers += [section.even_page_header] if both_sides else []
        for header in headers:
            if header.is_linked_to_previous and number > 1:
                continue
            text = "".join(header._element.itertext()) if not header.is_linked_to_previous else ""
            if lacking := {key: _OWN_KEYS[key] for key in _MUST if not re.search(rf"{{{{\s*{key}\b", text)}:
                fields = f"{_listed(lacking)}(第 {number} 节页眉)"
                raise FieldsForgotten(name=name, form=form.zh, form_en=form.en, fields=fields)


def _try_out(form: Form, name: str, template: WordTemplate, left_out: Mapping[str, str]) -> None:
    """Fill the template in with a sign for each field, and find every sign again."""
    serial = f"{form.code}-2026-000000-0"
    signs = {field.key: f"试填{number}号" for number, field in enumerate(form.fields) if field.kind != "table"}
    try:
        made = fill_word(form, "", signs, serial, qr_png("TRIAL"), "试", template=template)
        bare = fill_word(form, "", {}, serial, qr_png("TRIAL"), "试", template=template)
        text = _text_of(made)
        _text_of(bare)
    except OfficeError:
        raise
    except Exception as error:  # whatever the marks make of the library is told, and nothing is installed
        told = f"{type(error).__name__} {error}"[:200]
        raise TrialFailed(name=name, why=told, why_en=told) from error
    lost = {
        field.key: field.zh
        for field in form.fields
        if field.key in signs and field.key not in left_out and signs[field.key] not in text
    }
    if lost:
        raise TrialFailed(name=name, why=f"没有印出 {_listed(lost)}", why_en=f"not printed: {', '.join(lost)}")


def _text_of(docx: bytes) -> str:
    """The text of a filled document's body, headers and footers, read as Word would read it."""
    document = Document(io.BytesIO(docx))
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        parts = [name for name in package.namelist() if re.fullmatch(r"word/(header|footer|footnotes)\d*\.xml", name)]
        around = ["".join(etree.fromstring(package.read(part)).itertext()) for part in parts]
    return "".join(["".join(document.element.itertext()), *around])
