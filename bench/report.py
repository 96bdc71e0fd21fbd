"""What a measurement hands back, and how it is written into docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Section:
    """One promise measured: a table whose first row is ours, and what a reader must know to believe it."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self, measured: str = "") -> str:
        """The section as Markdown; ``measured`` tells how, when and where."""
        head = "| " + " | ".join(self.columns) + " |\n|" + " --- |" * len(self.columns)
        body = "\n".join("| " + " | ".join(row) + " |" for row in self.rows)
        notes = "\n".join(f"- {note}" for note in self.notes)
        told = f"{measured}\n\n" if measured else ""
        return f"## {self.title}\n\n{told}{head}\n{body}\n\n{notes}\n"


def machine() -> str:
    """The machine in one line, without its name."""
    model = "processor unknown"
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - a kernel file, read once
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, Linux, Python {platform.python_version()}"


def median_seconds(act: Callable[[], object], rounds: int = 3) -> float:
    """The median wall time of an act over several rounds, after one that does not count."""
    act()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
