"""One file of 500 pages, about 200 MB as an office scanner sends it: how long filing takes, and how much memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bench.corpus import new_office
from bench.report import Section
from forms import books
from forms.printing import issuing
from forms.scanning.imitation import samples
from records.users import Actor
from web.office import Office

PAGES = 500
DPI = 200
# With this much of a sensor's noise a page has the size of a scanner's: 390 KB.
_NOISE, _QUALITY = 5, 80
_FRONT = 2


def _pages(pdf: bytes) -> Iterator[Image.Image]:
    random = np.random.default_rng(5)
    tile = (random.standard_normal((509, 509, 3), np.float32) * _NOISE).astype(np.int16)
    for _, image in zip(range(PAGES), samples.rasterise(pdf, DPI, _FRONT), strict=False):
        pixels = np.asarray(image, np.int16)
        high, wide = pixels.shape[:2]
        noise = np.tile(tile, (high // 509 + 1, wide // 509 + 1, 1))[:high, :wide]
        yield Image.fromarray(np.clip(pixels * 0.97 + noise, 0, 255).astype(np.uint8))


def _scan(office: Office, actor: Actor, path: Path) -> float:
    """Print a book and write its pages to ``path`` as a scanner would; returns the file's size in MB."""
    form = office.catalogue.form("HF-01")
    with office.transaction() as session:
        printed = issuing.print_book(session, office.shop, actor, form, PAGES)
        assert printed.book is not None
        books.issue(session, actor, printed.book, "李前台")
    path.write_bytes(samples.scan_pdf(_pages(printed.data), DPI, _QUALITY))
    return path.stat().st_size / 2**20


def _filed(home: Path, path: Path) -> tuple[int, float, list[float]]:
    """Pages filed by ``yedang scan file``, seconds, and peaks in MB in the order of ``measure``'s columns."""
    program = [str(Path(sys.executable).with_name("yedang")), "scan", "file", str(path), "--no-ocr", "--json"]
    known = {**os.environ, "YEDANG_HOME": str(home), "YEDANG_ACTOR": "staff"}
    start, peaks, together = time.perf_counter(), Counter[int](), Counter[str]()
    with tempfile.TemporaryFile() as told, subprocess.Popen(program, env=known, stdout=told) as command:
        while command.poll() is None:
            now = list(_held(command.pid))
            peaks |= Counter({one.process: one.peak for one in now})
            together |= Counter(resident=sum(one.resident for one in now), own=sum(one.own for one in now))
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        told.seek(0)
        (batch,) = json.load(told)["batches"]
    own = peaks.pop(command.pid, 0)
    filed = sum(page["state"] == "filed" for page in batch["pages"])
    held = [own, sum(peaks.values()), together["resident"], together["own"]]
    return filed, seconds, [kilobytes / 1024 for kilobytes in held]


class _Held(NamedTuple):
    """What a process holds, in KB: its highest so far; resident now; and now with shared pages counted once."""

    process: int
    peak: int
    resident: int
    own: int


def _held(process: int) -> Iterator[_Held]:
    """What a process holds, and each of its children."""
    with contextlib.suppress(OSError, StopIteration, KeyError):
        status = _numbers(f"/proc/{process}/status") | _numbers(f"/proc/{process}/smaps_rollup")
        yield _Held(process, status["VmHWM"], status["VmRSS"], status["Pss"])
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            yield from _held(int(child))


def _numbers(path: str) -> dict[str, int]:
    rows = (line.split() for line in Path(path).read_text().splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if row[-1] == "kB"}


def measure() -> Section:
    """File it by the command, as an office does."""
    memory = ["the command", "the process that opens files", "both at once", "the same, shared pages once", "promised"]
    section = Section(f"One file of {PAGES} pages", ["program", "file", "pages filed", "seconds", *memory])
    with tempfile.TemporaryDirectory() as folder:
        home, path = Path(folder) / "home", Path(folder) / "book.pdf"
        office, actor = new_office(home)
        size = _scan(office, actor, path)
        filed, seconds, held = _filed(home, path)
    peaks = [f"{one:.0f} MB" for one in held]
    section.rows.append(["yedang scan file --no-ocr", f"{size:.0f} MB", str(filed), f"{seconds:.0f}", *peaks, "400 MB"])
    section.notes.append(
        "Resident memory, the interpreter and its libraries included; the file itself lies on the disk."
    )
    return section


if __name__ == "__main__":
    print(measure().markdown())
