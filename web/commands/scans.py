"""yedang scan: piles of paper into dossiers, and the tray for what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from forms.layout import cover_sheet
from forms.scanning.looking import quality
from forms.scanning.reading import filed_pages
from forms.scanning.reading.recogniser import Recogniser
from forms.scanning.receiving import batch_work, intake
from forms.scanning.receiving.page_fates import PageFate
from records.errors import OfficeError
from records.users import Actor
from web.commands.answers import Answer, Column, Sentence, Table, answer
from web.commands.console import Console, OfficeGroup, as_office_error, pass_console
from web.commands.rescans import group as rescan_group
from web.commands.rescans import read_all_again
from web.office import Office
from web.wording.words import SCANS

PAGE_COLUMNS = (
    Column("position", "页", "Page"),
    Column("state", "结果", "State", SCANS),
    Column("serial", "编号", "Serial"),
    Column("page_no", "页码", "Page no."),
    Column("copy", "联", "Copy"),
    Column("document_id", "文件", "Document"),
    Column("dossier_number", "档案", "Dossier"),
    Column("signed", "已签", "Signed"),
    Column("unsigned", "未签", "Not signed"),
    Column("unclear", "请人工看", "To be looked at"),
    Column("faults", "质量", "Quality"),
    Column("reason_zh", "说明", "Remark"),
)
STATES = ("filed", "tray", "duplicate", "blank")


class SomeNotFiled(OfficeError):
    """Some of the files could not be taken in; the others were."""

    code = "scan.some_not_filed"
    zh = "{count} 个文件未能归档:{why}"
    en = "{count} files were not taken in: {why}"


@click.group("scan", cls=OfficeGroup)
def group() -> None:
    """扫描归档与待处理 / Scans, and the tray."""


group.add_command(rescan_group)
group.add_command(read_all_again)


@group.command("file")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--no-ocr", is_flag=True, help="不识别文字,留给 yedang worker / leave text recognition to the worker")
@pass_console
def file(console: Console, paths: tuple[Path, ...], no_ocr: bool) -> Answer:
    """归档扫描件(PDF、JPEG、PNG、TIFF 或文件夹)。 / File scans; per page where it went, or why it is in the tray.

    有编号的页次序不限;分隔页后没有编号的资料须逐面按页序扫描。 / Numbered pages come in any order; unnumbered
    papers behind a cover sheet in theirs.
    """
    office = console.office
    batches: list[dict[str, object]] = []
    failures: list[OfficeError] = []
    for path in _files(paths):
        try:
            batches.append(_file_one(console, office, path))
        except (OfficeError, OSError) as error:
            failures.append(as_office_error(error))
    if not no_ocr:
        _read(console, office, batches)
    failure = _as_one(failures, console.language)
    parts = [part for batch in batches for part in _shown(batch)]
    return answer({"batches": batches, "errors": [_told(one) for one in failures]}, *parts, failure=failure)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]


def _file_one(console: Console, office: Office, path: Path) -> dict[str, object]:
    actor, batch_id, again = _receive(console, office, path)
    with console.progress(f"归档 {path.name}", f"Filing {path.name}") as progress:
        fates = batch_work.work_batch(office.database, office.desk, actor, batch_id, progress)
    return {
        "file": path,
        "batch": batch_id,
        "already_received": again[0] if again else None,
        "already_received_en": again[1] if again else None,
        "pages": [_fate(office, fate) for fate in fates],
    }


def _receive(console: Console, office: Office, path: Path) -> tuple[Actor, int, tuple[str, str] | None]:
    """Take a file in. The sentence is for one that came before."""
    with (
        path.open("rb") as file,
        intake.laid_in(office.desk, path.name, file) as spool,
        office.transaction() as session,
    ):
        actor = console.actor(session)
        known = intake.find_batch(session, spool.digest)
        batch = intake.receive(session, office.desk, actor, path.name, spool, source="command")
        # A batch that a kill left half filed is known too, but its pages are filed only now.
        again = intake.already_received(known) if known is not None and known.state == "filed" else None
        return actor, batch.id, again


def _fate(office: Office, fate: PageFate) -> dict[str, object]:
    names = _signature_names(office, fate)
    groups: dict[object, list[str]] = {True: [], False: [], None: []}
    for key, found in fate.signatures.items():
        groups[found.get("signed")].append(names.get(key, key))
    bad = quality.faults(fate.quality)
    about = {"faults": [fault.zh for fault in bad], "rescan": any(fault.rescan for fault in bad)}
    return {**asdict(fate), **about, "signed": groups[True], "unsigned": groups[False], "unclear": groups[None]}


def _signature_names(office: Office, fate: PageFate) -> dict[str, str]:
    """What the places to sign are called on the page, by key."""
    if not fate.signatures or fate.form_code is None:
        return {}
    form = office.catalogue.form(fate.form_code)
    if form.mode == "external":
        form = cover_sheet.completed(form)
    return {signature.key: signature.zh for signature in form.signatures}


def _shown(batch: dict[str, object]) -> list[Sentence | Table]:
    pages = batch["pages"]
    assert isinstance(pages, list)
    count = {state: sum(page["state"] == state for page in pages) for state in STATES}
    zh = (
        f"{batch['file']}(第 {batch['batch']} 批):{len(pages)} 页,归档 {count['filed']},"
        f"待处理 {count['tray']},重复 {count['duplicate']},空白背面 {count['blank']}"
    )
    en = (
        f"{batch['file']} (batch {batch['batch']}): {len(pages)} pages, {count['filed']} filed, "
        f"{count['tray']} in the tray, {count['duplicate']} repeated, {count['blank']} blank backs"
    )
    head = Sentence(zh, en)
    if batch["already_received"]:
        head = Sentence(f"{zh}\n{batch['already_received']}。", f"{en}\n{batch['already_received_en']}.")
    return [head, Table(PAGE_COLUMNS, pages)]


def _read(console: Console, office: Office, batches: Sequence[dict[str, object]]) -> None:
    """Recognise the pages just filed; what a kill leaves, and whatever waited before, is the worker's."""
    filed = _documents(batches)
    with office.reading() as session:
        total = filed_pages.waiting(session, filed)
    if not total:
        return
    recogniser = Recogniser()
    with console.progress("识别文字", "Reading") as progress:
        done = 0
        while filed_pages.work_once(office.database, office.desk, recogniser, only=filed):
            done += 1
            progress(done, max(total, done))


def _documents(batches: Sequence[dict[str, object]]) -> list[int]:
    """The ids of the documents that got a page from these batches."""
    pages = [page for batch in batches if isinstance(batch["pages"], list) for page in batch["pages"]]
    return sorted({page["document_id"] for page in pages if page["state"] == "filed"})


def _told(error: OfficeError) -> dict[str, str]:
    return {"code": error.code, "zh": error.sentence("zh"), "en": error.sentence("en")}


def _as_one(failures: Sequence[OfficeError], language: str) -> OfficeError | None:
    if len(failures) <= 1:
        return failures[0] if failures else None
    return SomeNotFiled(count=len(failures), why=" ".join(failure.sentence(language) for failure in failures))
