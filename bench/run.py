"""`make bench`: runs every measurement in a process of its own and writes docs/benchmarks.md."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
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


def _measure(name: str) -> Section:
    section: Section = importlib.import_module(f"bench.{name}").measure()
    return section


def main(names: list[str]) -> None:
    """Measure all, or those named; each alone, so that none inherits another's memory or pinned core."""
    chosen = names or list(MEASUREMENTS)
    context = multiprocessing.get_context("spawn")
    sections = []
    for name in chosen:
        start = time.perf_counter()
        # An executor, not a pool: a pool's workers may not start processes, and eight of them race for serials.
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            sections.append(executor.submit(_measure, name).result())
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    text = (
        "# Benchmarks\n\nWritten by `make bench`. Absolute figures vary by a factor of two between runs on a shared\n"
        "machine; the ratios against the peers, measured in the same run, are what to trust.\n\n"
        f"Machine: {machine()}. Day: {datetime.now(UTC):%Y-%m-%d}.\n\n" + "\n".join(s.markdown() for s in sections)
    )
    if not names:
        TARGET.write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
