"""One file of 500 pages, about 190 MB as an office scanner sends it: how long filing takes, and how much memory."""

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

import numpy as np
from PIL import Image

from bench.corpus import new_office
from bench.report import Section
from forms import books, issuing
from forms.scanning import samples
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


def _filed(home: Path, path: Path) -> tuple[int, float, float, float]:
    """Pages filed by ``yedang scan file``, seconds, and the peaks in MB: of the command, and of its helpers."""
    program = [str(Path(sys.executable).with_name("yedang")), "scan", "file", str(path), "--no-ocr", "--json"]
    known = {**os.environ, "YEDANG_HOME": str(home), "YEDANG_ACTOR": "staff"}
    start, helpers = time.perf_counter(), Counter[int]()
    with tempfile.TemporaryFile() as told, subprocess.Popen(program, env=known, stdout=told) as command:
        while command.poll() is None:
            helpers |= Counter(dict(_peaks(command.pid)))
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        told.seek(0)
        (batch,) = json.load(told)["batches"]
    own = helpers.pop(command.pid, 0)
    filed = sum(page["state"] == "filed" for page in batch["pages"])
    return filed, seconds, own / 1024, sum(helpers.values()) / 1024


def _peaks(process: int) -> Iterator[tuple[int, int]]:
    """The most memory in KB that a process had resident, and each of its children."""
    with contextlib.suppress(OSError, StopIteration):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                yield process, int(line.split()[1])
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            yield from _peaks(int(child))


def measure() -> Section:
    """File it by the command, as an office does."""
    section = Section(
        f"One file of {PAGES} pages",
        ["program", "file", "pages filed", "seconds", "peak of the command", "peak of the process that opens files"],
    )
    with tempfile.TemporaryDirectory() as folder:
        home, path = Path(folder) / "home", Path(folder) / "book.pdf"
        office, actor = new_office(home)
        size = _scan(office, actor, path)
        filed, seconds, own, helper = _filed(home, path)
    peaks = [f"{own:.0f} MB", f"{helper:.0f} MB"]
    section.rows.append(["yedang scan file --no-ocr", f"{size:.0f} MB", str(filed), f"{seconds:.0f}", *peaks])
    section.notes.append("Resident peaks, the interpreter and its libraries included; the file lies in memory once.")
    return section


if __name__ == "__main__":
    print(measure().markdown())
