"""`make bench`: runs measurements, each in a process of its own, and writes their sections of docs/benchmarks.md."""

from __future__ import annotations

import importlib
import multiprocessing
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

from bench.report import Section, machine

MEASUREMENTS = (
    "printing",
    "print_runs",
    "merging",
    "filing",
    "corpus",
    "large_file",
    "recognition",
    "serials",
    "estate",
    "searching",
    "million",
    "judging",
    "serving",
    "due_list",
    "destroying",
    "checking",
    "backing_up",
)
TARGET = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Written by `make bench`; each section tells its own command and day. Absolute figures vary by a factor of two between
runs on a shared machine; the ratios against the peers, measured in the same run, are what to trust.
"""
_SECTION = re.compile(r"^## .*?\n\n`python -m bench\.run (\w+)`.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def _measure(name: str) -> Section:
    section: Section = importlib.import_module(f"bench.{name}").measure()
    return section


def main(names: list[str]) -> None:
    """Measure all, or those named; each alone, so that none inherits another's memory or pinned core."""
    context = multiprocessing.get_context("spawn")
    for name in names or MEASUREMENTS:
        start = time.perf_counter()
        # An executor, not a pool: a pool's workers may not start processes, and eight of them race for serials.
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            section = executor.submit(_measure, name).result()
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
        _write(name, section)
        print(section.markdown())


def _write(name: str, section: Section) -> None:
    """Put a section in its place in the file; the others stay as they were measured."""
    known = {match[1]: match[0].strip() for match in _SECTION.finditer(TARGET.read_text())}
    known[name] = section.markdown(f"`python -m bench.run {name}`, {date.today()}, {machine()}.").strip()
    TARGET.write_text("\n\n".join([_HEAD.strip(), *(known[one] for one in MEASUREMENTS if one in known)]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
