"""yedang form template, stamp: an office's own Word templates, and numbers on PDFs from elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from forms import stamping, word_checking, word_installing
from forms.catalogue import Form
from forms.word_templates import WordTemplate
from records import units
from records.vault import write_durably
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import OUT, Console, OfficeCommand, pass_console

FIELD_COLUMNS = (Column("key", "模板字段", "Field"), Column("name", "名称", "Name"), Column("used", "用到", "Used"))


@click.command("template", cls=OfficeCommand)
@click.argument("form")
@click.option("--out", type=OUT, help="把现行模板写成 .docx,供 Word 或 WPS 修改 / write the template in force")
@click.option("--install", "install", type=OUT, help="检查并启用修改过的 .docx / check a .docx and put it in force")
@click.option("--remove", is_flag=True, help="停用本处模板,恢复内置的 / go back to the built-in template")
@click.option("--incomplete", is_flag=True, help="允许缺少表单字段(会记录) / let fields of the form be left out")
@pass_console
def template(
    console: Console, form: str, out: Path | None, install: Path | None, remove: bool, incomplete: bool
) -> Answer:
    """协议书、通知书的 Word 模板:取出、修改、安装。 / The Word template of an agreement or notice.

    不加选项时列出模板可用的字段。安装限档案员、管理处经理。 / Without options: which fields it may use.
    """
    found = console.office.catalogue.form(form)
    if sum(map(bool, (out, install, remove))) > 1:
        raise click.UsageError("--out、--install、--remove 只能用一个 / only one of them at a time")
    if install is not None:
        return _install(console, found, install, incomplete)
    current = _current(console, found)
    if remove:
        return _remove(console, found)
    if out is not None:
        write_durably(out, current.data)
        version = current.version(found)
        return said(_told(found, current) | {"file": out}, f"第 {version} 版模板已写入 {out}。", f"Written to {out}.")
    return _fields(found, current)


def _current(console: Console, form: Form) -> WordTemplate:
    if not form.is_word:
        why, why_en = "这张表单不用 Word 模板", "this form has no Word template"
        raise word_checking.NotATemplate(name=form.code, form=form.zh, why=why, why_en=why_en)
    return console.office.shop.shelf.template(form)


def _told(form: Form, current: WordTemplate) -> dict[str, object]:
    return {"form": form.code, "version": current.version(form), "digest": current.digest, "own": current.own}


def _fields(form: Form, current: WordTemplate) -> Answer:
    used = word_checking.fields_in(form, f"{form.code}.docx", current.data)
    rows = [{"key": key, "name": zh, "used": key in used} for key, zh in word_checking.known_fields(form).items()]
    kind = ("本处安装的", "installed here") if current.own else ("内置的", "built in")
    head = Sentence(f"{form.code} {form.zh} 模板第 {current.version(form)} 版,{kind[0]}。", f"{form.en}, {kind[1]}.")
    return answer(_told(form, current) | {"fields": rows}, head, Table(FIELD_COLUMNS, rows))


def _install(console: Console, form: Form, file: Path, incomplete: bool) -> Answer:
    office = console.office
    with office.reading() as session:
        console.actor(session).require("安装 Word 模板", *word_installing.MAY_INSTALL)
    checked = word_installing.prove(office.shop, form, file.name, file.read_bytes(), incomplete=incomplete)
    with office.transaction() as session:
        word_installing.install(session, office.shop, console.actor(session), form, checked)
    left_out = "、".join(checked.left_out.values())
    zh = f"《{form.zh}》今后使用这份模板(第 {checked.template.version(form)} 版)。"
    return said(
        _told(form, checked.template) | {"left_out": dict(checked.left_out)},
        f"{zh}没有用到的字段:{left_out}。" if left_out else zh,
        f"{form.en} is filled from this template from now on.",
    )


def _remove(console: Console, form: Form) -> Answer:
    office = console.office
    with office.transaction() as session:
        removed = word_installing.remove(session, office.shop, console.actor(session), form)
    zh = "已恢复内置模板。" if removed else "本来就在用内置模板。"
    return said({"form": form.code, "removed": removed}, zh, "The built-in template is in force.")


@click.command("stamp", cls=OfficeCommand)
@click.argument("file", type=OUT)
@click.option("--form", "form_name", required=True, help="外来资料的表单代码或名称 / which papers they are")
@click.option("--unit", "unit_text", default="", help="单元房号 / the unit whose dossier they belong to")
@click.option("--out", required=True, type=OUT, help="输出文件 .pdf / where to write it")
@pass_console
def stamp(console: Console, file: Path, form_name: str, unit_text: str, out: Path) -> Answer:
    """给外来 PDF 逐页加盖编号码,不遮盖原有内容。 / Put a serial and code on each page of a PDF from elsewhere.

    编号码放在页面空白处;没有空白的页在页顶加一条边,原内容不变。 / A page without room gets a band at its top.
    """
    if out.suffix.lower() != ".pdf":
        raise click.UsageError(f"输出文件须为 .pdf / --out must end in .pdf: {out}")
    office = console.office
    form = office.catalogue.form(form_name)
    with console.progress("查看各页", "Looking at pages") as progress:
        foreign = stamping.examine(office.shop, form, file.name, file.read_bytes(), progress)
    written = False
    try:
        with office.transaction() as session:
            unit = units.find_unit(session, unit_text) if unit_text else None
            made = stamping.stamp(session, office.shop, console.actor(session), form, foreign, unit=unit)
            write_durably(out, made.file.data)
            written = True
    except BaseException:
        if written:  # the number counts only with its file, and the file only with its number
            out.unlink(missing_ok=True)
        raise
    return _stamped(form, foreign, made, out)


def _stamped(form: Form, foreign: stamping.Foreign, made: stamping.Stamped, out: Path) -> Answer:
    data = {"form": form.code, "serial": made.serial, "pages": len(foreign.spots), "file": out}
    parts = [Sentence(f"{made.serial},{len(foreign.spots)} 页\n已写入 {out}", f"{made.serial}\nwritten to {out}")]
    if foreign.banded:
        pages = "、".join(map(str, foreign.banded))
        parts.append(
            Sentence(
                f"第 {pages} 页没有空白,在页顶加了一条放编号码的边,原内容未动;打印时请选「适合纸张」。",
                f"Pages {pages} had no room and were made taller at the top; print them with “fit to page”.",
            )
        )
    if foreign.signed:
        parts.append(
            Sentence(
                "原文件带电子签名,加盖编号后的副本不再能验证该签名;请另存原文件。",
                "The file was signed electronically; the stamped copy no longer proves that. Keep the original too.",
            )
        )
    return answer(data | {"banded": foreign.banded, "signed": foreign.signed}, *parts)


COMMANDS: tuple[click.Command, ...] = (template, stamp)
