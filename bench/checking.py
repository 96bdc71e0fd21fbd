"""A full check of 100,000 sealed files, beside the plain reading of the same files from the disk."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from pathlib import Path

from bench.report import Section
from bench.sealed import USUAL, build, forget_cached, read_all
from records import checks
from web.checking.working import work_off
from web.office import Office

FILES = 100_000


def _checked(office: Office) -> float:
    start = time.perf_counter()
    with office.transaction() as session:
        run_id = checks.ask(session, None, "full").id
    work_off(office, run_id)
    seconds = time.perf_counter() - start
    with office.reading() as session:
        run = checks.find(session, run_id)
        if run.findings or run.done != FILES:
            raise AssertionError(f"{run.done} files, {run.findings[:3]}")
    return seconds


def measure() -> Section:
    """Read and check from the disk, then from memory."""
    section = Section(
        f"A full check of {FILES:,} sealed files",
        ["program", "files come from", "seconds", "processor seconds", "MB a second", "files a second"],
    )
    with tempfile.TemporaryDirectory() as folder:
        office = build(Path(folder) / "home", FILES)
        paths = sorted(office.vault.folder.rglob("*.age"))
        size = sum(path.stat().st_size for path in paths) / 1e6
        for place in ("disk", "memory"):
            for name in ("full check", "plain reading"):
                if place == "disk":
                    forget_cached(paths)
                before = _processor()
                seconds = _checked(office) if name == "full check" else _read(paths)
                used = _processor() - before
                section.rows.append(
                    [name, place, f"{seconds:.1f}", f"{used:.1f}", f"{size / seconds:,.0f}", f"{FILES / seconds:,.0f}"]
                )
        office.database.close()
        shutil.rmtree(folder, ignore_errors=True)
    section.notes += [
        f"{size / 1000:.1f} GB: pages of {USUAL // 1000} KB, one in a hundred of 1.5 MB, under {FILES // 50:,} keys. "
        "The check reads, unwraps the key, decrypts, compares the SHA-256 of the plain bytes with the records, and "
        "looks for files without a record, in as many processes as there are cores; the plain reading only reads.",
        "Before a reading from the disk the kernel is told to drop the files from its memory (what the disk itself or "
        "a host below keeps cannot be dropped). A full check does not decode images: bytes that are what was filed "
        "open as on that day. The nightly sample decodes its 500 too (`yedang check --look`: all).",
    ]
    return section


def _processor() -> float:
    """Seconds that processors have worked for this process and those it started and waited for."""
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _read(paths: list[Path]) -> float:
    start = time.perf_counter()
    read_all(paths)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(measure().markdown())
