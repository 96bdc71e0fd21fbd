"""yedang form template, stamp, merge: own Word templates, numbers on PDFs from elsewhere, forms for many at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from forms.catalogue import Form
from forms.foreign import stamping
from forms.printing import merging, recipients
from forms.word import checking, installing
from forms.word.templates import WordTemplate
from records import units
from records.users import OFFICE_ROLES
from records.vault import write_durably
from web.commands.answers import Answer, Column, Sentence, Table, answer, said
from web.commands.console import OUT, Console, OfficeCommand, pass_console
from web.commands.forms import values_from

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
        raise checking.NotATemplate(name=form.code, form=form.zh, why=why, why_en=why_en)
    return console.office.shop.shelf.template(form)


def _told(form: Form, current: WordTemplate) -> dict[str, object]:
    return {"form": form.code, "version": current.version(form), "digest": current.digest, "own": current.own}


def _fields(form: Form, current: WordTemplate) -> Answer:
    used = checking.fields_in(form, f"{form.code}.docx", current.data)
    rows = [{"key": key, "name": zh, "used": key in used} for key, zh in checking.known_fields(form).items()]
    kind = ("本处安装的", "installed here") if current.own else ("内置的", "built in")
    head = Sentence(f"{form.code} {form.zh} 模板第 {current.version(form)} 版,{kind[0]}。", f"{form.en}, {kind[1]}.")
    return answer(_told(form, current) | {"fields": rows}, head, Table(FIELD_COLUMNS, rows))


def _install(console: Console, form: Form, file: Path, incomplete: bool) -> Answer:
    office = console.office
    with office.reading() as session:
        console.actor(session).require("安装 Word 模板", *installing.MAY_INSTALL)
    checked = installing.prove(office.shop, form, file.name, file.read_bytes(), incomplete=incomplete)
    with office.transaction() as session:
        installing.install(session, office.shop, console.actor(session), form, checked)
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
        removed = installing.remove(session, office.shop, console.actor(session), form)
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


@click.command("merge", cls=OfficeCommand)
@click.argument("form")
@click.option("--building", default="", help="楼栋,如 3 或 东光花园/3,每户一份 / one for each unit of a building")
@click.option("--sheet", type=OUT, help="表格(csv、xlsx),每行一份;标题为字段名 / one for each row of a table")
@click.option("--data", type=OUT, help="各份相同的内容(JSON 文件) / values that are the same for all")
@click.option(
    "--out", required=True, type=OUT, help="一个 .pdf,或存放 .docx 的文件夹 / one .pdf, or a folder for .docx"
)
@pass_console
def merge(console: Console, form: str, building: str, sheet: Path | None, data: Path | None, out: Path) -> Answer:
    """批量打印:整栋楼每户一份,或表格每行一份,编号连续。 / A form for each of many, numbers in a row.

    先查全表,有一处错误就不打印,也不用掉编号。 / Rows are checked first; one mistake prints nothing.
    """
    if bool(building) == (sheet is not None):
        raise click.UsageError("请写明 --building 或 --sheet 之一 / give either --building or --sheet")
    office = console.office
    found, common = office.catalogue.form(form), values_from(data)
    word = out.suffix.lower() != ".pdf"
    if word and out.suffix:
        raise click.UsageError(f"--out 须为 .pdf 或文件夹 / --out must end in .pdf or be a folder: {out}")
    with office.reading() as session, console.progress("准备各份", "Preparing") as progress:
        console.actor(session).require("批量打印", *OFFICE_ROLES)
        if sheet is not None:
            whom = recipients.of_table(session, found, office.shop.typeface, sheet.name, sheet.read_bytes())
        else:
            whom = recipients.of_building(session, found, building)
        prepared = merging.prepare(session, office.shop, found, whom, common=common, word=word, progress=progress)
    made = _merge_word(console, prepared, out) if word else _merge_pdf(console, prepared, out)
    return _merged(found, made, whom.unowned, out)


def _merge_pdf(console: Console, prepared: merging.Prepared, out: Path) -> merging.Merged:
    """Draw beside the target, and put it there before the numbers count; when they do not, it goes again."""
    office = console.office
    part, put = out.with_name(f".{out.name}.part"), False
    try:
        with console.progress("打印", "Printing") as progress, office.transaction() as session:
            with part.open("wb") as file:
                actor = console.actor(session)
                made = merging.merge_pdf(session, office.shop, actor, prepared, file, progress=progress)
                file.flush()
                os.fsync(file.fileno())
            part.replace(out)
            put = True
    except BaseException:
        (out if put else part).unlink(missing_ok=True)
        raise
    return made


def _merge_word(console: Console, prepared: merging.Prepared, folder: Path) -> merging.Merged:
    """Write the documents into the folder; none stays there when the numbers do not count."""
    office = console.office
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []

    def write(name: str, content: bytes) -> None:
        written.append(folder / name)
        written[-1].write_bytes(content)

    try:
        with console.progress("打印", "Printing") as progress, office.transaction() as session:
            actor = console.actor(session)
            return merging.merge_word(session, office.shop, actor, prepared, write, progress=progress)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _merged(form: Form, made: merging.Merged, unowned: Sequence[str], out: Path) -> Answer:
    span = f"{made.serials[0]} … {made.serials[-1]}"
    zh, en = f"{len(made.serials)} 份:{span}\n已写入 {out}", f"{len(made.serials)} forms: {span}\nwritten to {out}"
    parts = [Sentence(zh, en)]
    if unowned:
        units_ = "、".join(unowned)
        parts.append(Sentence(f"没有登记业主,未打印:{units_}", f"Not printed, nobody owns them yet: {units_}"))
    data = {"form": form.code, "serials": list(made.serials), "pages": made.pages, "not_printed": list(unowned)}
    return answer(data | {"out": out}, *parts)


COMMANDS: tuple[click.Command, ...] = (template, stamp, merge)
