"""yedang form: the catalogue, and printing from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, Form, load_catalogue
from forms.catalogue.own_layouts import check_file
from forms.gallery import write_gallery
from forms.printing import entering, issuing, reprinting
from forms.printing.converting import convert_ahead
from forms.printing.shop import Printed
from forms.word.office_suite import Converted
from records import units
from records.errors import BadInput
from records.tables import Unit
from records.users import Actor
from records.vault import write_durably
from web.commands.answers import Answer, Column, Sentence, Table, answer
from web.commands.console import Console, OfficeGroup, pass_console
from web.wording.words import MODES

FORM_COLUMNS = (
    Column("code", "代码", "Code"),
    Column("name", "名称", "Name"),
    Column("mode", "方式", "Mode", MODES),
    Column("retention_zh", "保管期限", "Retention"),
)
FIELD_COLUMNS = (Column("key", "键", "Key"), Column("name", "名称", "Name"))
SUFFIXES = (".pdf", ".docx")


@click.group("form", cls=OfficeGroup)
def group() -> None:
    """表单目录与打印 / The catalogue of forms, and printing."""


@group.command("list")
@click.argument("name", default="")
@pass_console
def list_(console: Console, name: str) -> Answer:
    """表单目录;可按任一名称查一张表单。 / The catalogue; NAME finds a form by any of its names."""
    catalogue = console.office.catalogue
    found = [catalogue.form(name)] if name else catalogue.forms
    rows = [_row(catalogue, form) for form in found]
    return answer({"forms": rows}, Table(FORM_COLUMNS, rows))


def _row(catalogue: Catalogue, form: Form) -> dict[str, object]:
    return {
        "code": form.code,
        "name": form.zh,
        "name_en": form.en,
        "names": list(catalogue.names(form)),
        "procedure": form.procedure,
        "mode": form.mode,
        "version": form.version,
        "copies": list(form.copies),
        "unit": form.unit,
        "section": form.section,
        "required": form.required,
        "clauses": list(form.clauses),
        "retention": list(form.retention),
        "retention_zh": [catalogue.rules[key].zh for key in form.retention],
        "signatures": [one.key for one in form.signatures],
    }


@group.command("show")
@click.argument("form")
@pass_console
def show(console: Console, form: str) -> Answer:
    """一张表单和可用 --data 预填的各项。 / One form, and the fields that --data may fill in."""
    catalogue = console.office.catalogue
    found = catalogue.form(form)
    row = _row(catalogue, found)
    fields = [{"key": key, "name": name} for key, name in entering.fields_of(found).items()]
    return answer({"form": row, "fields": fields}, Table(FORM_COLUMNS, [row]), Table(FIELD_COLUMNS, fields))


@group.command("print")
@click.argument("form")
@click.option("--pages", type=click.IntRange(min=1), help="成册表单的页数 / pages of a book")
@click.option("--unit", "unit_text", default="", help="单元房号,已知资料自动填入 / unit; what is known is filled in")
@click.option("--data", type=click.Path(path_type=Path), help="预填内容(JSON 文件) / values to fill in")
@click.option(
    "--copies", default=1, show_default=True, type=click.IntRange(min=1), help="份数,每份一个编号 / how many numbers"
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="输出文件 .pdf 或 .docx / where to write it"
)
@pass_console
def print_(
    console: Console, form: str, pages: int | None, unit_text: str, data: Path | None, copies: int, out: Path
) -> Answer:
    """打印编号表单或一册;编号一经打印即登记。 / Print numbered sheets, or a book with --pages."""
    word = _is_word(out)
    office = console.office
    found, values = office.catalogue.form(form), values_from(data)
    if found.mode == "book" and pages is None:
        raise click.UsageError("成册表单须写明 --pages / a book needs --pages")

    def unit_in(session: Session) -> Unit | None:
        return units.find_unit(session, unit_text) if unit_text else None

    converted: Converted | None = None
    if found.is_word and not word:
        with office.reading() as session:
            actor, unit = console.actor(session), unit_in(session)
            converted = convert_ahead(session, office.shop, actor, found, unit=unit, values=values, count=copies)

    def act(session: Session, actor: Actor) -> Printed:
        if pages is not None:
            return issuing.print_book(session, office.shop, actor, found, pages)
        return issuing.print_sheets(
            session, office.shop, actor, found, unit=unit_in(session), values=values, count=copies, word=word,
            converted=converted,
        )  # fmt: skip

    return _hand_out(console, act, found.code, out)


@group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_console
def check(console: Console, file: Path) -> Answer:
    """检查自有表单文件;放进数据目录的 forms 文件夹后即可使用。 / Check a file of the office's own forms before use."""
    folder = console.settings.home / "forms"
    forms = check_file(file, folder)
    rows = [{"code": form.code, "name": form.zh, "mode": form.mode, "version": form.version} for form in forms]
    where = f"放进 {folder} 后,重新启动即可打印和扫描。"
    done = Sentence(
        f"没有发现问题,共 {len(forms)} 张表单。{where}", f"no fault found in {len(forms)} forms; put it into {folder}"
    )
    return answer({"file": file, "forms": rows}, Table(FORM_COLUMNS[:3], rows), done)


@group.command("gallery")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="文件夹 / where to write")
@pass_console
def gallery(console: Console, out: Path) -> Answer:
    """每张表单一幅图,另有总览图。 / A picture of every form, and one of them all."""
    written = write_gallery(load_catalogue(console.settings.home / "forms"), out, console.settings.office)
    data = {"folder": out, "pictures": [path.name for path in written]}
    return answer(data, Sentence(f"已写入 {out},共 {len(written)} 幅图", f"{len(written)} pictures written to {out}"))


@group.command("reprint")
@click.argument("serial")
@click.option("--reason", required=True, help="重印原因 / why")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="输出文件 / where to write it")
@pass_console
def reprint(console: Console, serial: str, reason: str, out: Path) -> Answer:
    """按原编号重印,纸上标「重印」,原因留存。 / Print a number again; marked on paper, the reason is kept."""
    _is_word(out)
    shop = console.office.shop
    return _hand_out(console, lambda session, actor: reprinting.reprint(session, shop, actor, serial, reason), "", out)


def _is_word(out: Path) -> bool:
    if out.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"输出文件须为 .pdf 或 .docx / --out must end in .pdf or .docx: {out}")
    return out.suffix.lower() == ".docx"


def values_from(path: Path | None) -> dict[str, Any]:
    """The values in a JSON file, none without a file. Raises BadInput."""
    if path is None:
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise BadInput(what=f"{path.name} 不是 UTF-8 的 JSON({error})") from None
    if not isinstance(values, dict):
        raise BadInput(what=f'{path.name} 应为 JSON 对象,如 {{"owner": "王建国"}}')
    return values


def _hand_out(console: Console, act: Callable[[Session, Actor], Printed], code: str, out: Path) -> Answer:
    """Print and write the files; the numbers count only once the files lie there, and the files only with them."""
    written: list[Path] = []
    try:
        with console.office.transaction() as session:
            printed = act(session, console.actor(session))
            for path, content in printed.paths(out):
                write_durably(path, content)
                written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    serials, book = printed.serials, printed.book.number if printed.book else None
    data = {"form": code or None, "serials": list(serials), "book": book, "files": written}
    what = f"{book},{len(serials)} 页 " if book else ""
    span = serials[0] if len(serials) == 1 else f"{serials[0]} … {serials[-1]}"
    files = "、".join(map(str, written))
    return answer(data, Sentence(f"{what}{span}\n已写入 {files}", f"{what}{span}\nwritten to {files}"))
