"""Long print runs: a book, a mail merge, and the memory that ten thousand pages take; one core."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Section, median_seconds
from forms import pdf
from forms.catalogue import load_catalogue
from forms.layout import lay_out
from forms.numbering import compose

SECRET = b"s" * 32
OFFICE = "东光物业客服中心"
MERGED = 3_000
MANY = 10_000
BOOK = 100


def book(out: Path, pages: int) -> None:
    """A book of HF-01 with nothing around its pages."""
    laid = lay_out(load_catalogue().form("HF-01"), {}, office=OFFICE)
    serials = [compose("HF-01", 2026, number) for number in range(1, pages + 1)]
    with out.open("wb") as file:
        pdf.draw(laid, pdf.book_identities(laid, serials, "HF-01-2026-C001", SECRET), file, title=laid.title)


def merge(out: Path, count: int) -> None:
    """A form of one page for each of so many units: an own layout, an own number, an own code."""
    form = load_catalogue().form("ZX-06")
    values = ({"unit": f"3-2-{number}", "owner": "欧阳建国", "contractor": "东光装饰"} for number in range(count))
    layouts = (lay_out(form, one, office=OFFICE, estate="阳光花园") for one in values)
    serials = (compose("ZX-06", 2026, number) for number in range(1, count + 1))
    runs = ((laid, pdf.sheet_identities(laid, serial, SECRET)) for laid, serial in zip(layouts, serials, strict=True))
    with out.open("wb") as file:
        pdf.draw_runs(runs, file, title=form.zh)


def _alone(act: str, count: int) -> tuple[float, int]:
    """Seconds and peak memory in MB of a whole run in a process that does nothing else."""
    done = subprocess.run([sys.executable, "-m", "bench.print_runs", act, str(count)], capture_output=True, check=True)
    seconds, megabytes = json.loads(done.stdout)
    return float(seconds), int(megabytes)


def _run(act: str, count: int) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        {"book": book, "merge": merge}[act](Path(folder) / "out.pdf", count)
        return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure() -> Section:
    """The promises of long runs, with the time and memory that they took."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    section = Section("Printing: long runs", ["run", "seconds", "peak memory", "promised"])
    with tempfile.TemporaryDirectory() as folder:
        once_started = median_seconds(lambda: book(Path(folder) / "book.pdf", BOOK))
    section.rows.append([f"a book of {BOOK} pages, once started", f"{once_started:.2f}", "", "0.6 s"])
    merged, megabytes = _alone("merge", MERGED)
    section.rows.append([f"{MERGED:,} one-page forms merged", f"{merged:.1f}", f"{megabytes} MB", "15 s"])
    many, megabytes = _alone("book", MANY)
    section.rows.append([f"{MANY:,} pages in one file", f"{many:.1f}", f"{megabytes} MB", "300 MB"])
    section.notes.append("Merged: each form laid out from values of its own (ZX-06), its own number and code, one PDF.")
    section.notes.append("Merged and 10,000 pages: a process from start to end, its font and catalogue loaded within.")
    section.notes.append("Drawing and layout only: taking the numbers is measured below.")
    return section


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], int(sys.argv[2]))))
