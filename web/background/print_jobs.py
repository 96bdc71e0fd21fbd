"""Long prints beside the visitors: one thread draws, the page shows how far it has come, the file waits in memory.

Nothing touches the disk, where it would outlive the records it was printed from. Who asked fetches the file, for a
quarter of an hour; the act itself is in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from records.errors import OfficeError
from web.background.shelf import Shelf

KEEP_SECONDS = 15 * 60
Progress = Callable[[int, int], None]
Work = Callable[[Progress], bytes]
_journal = logging.getLogger(__name__)


@dataclass
class PrintJob:
    """A print that somebody asked for: ``data`` once it is drawn, ``error`` where it could not be."""

    owner_id: int
    name: str
    file_name: str
    done: int = 0
    total: int = 1
    data: bytes | None = None
    error: OfficeError | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self.data is not None or self.error is not None

    def step(self, done: int, total: int) -> None:
        """How far it has come."""
        self.done, self.total = done, max(total, 1)


class PrintFailed(OfficeError):
    """A fault of ours; nothing was printed."""

    code = "print.failed"
    zh = "没有打印成功,请再试一次。"
    en = "It was not printed; please try again."


class PrintJobs:
    """The prints of this process, by unguessable tokens."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="printing")
        what = "打印文件（只保留 15 分钟） / the printed file (kept for 15 minutes)"
        self._jobs: Shelf[PrintJob] = Shelf(what, KEEP_SECONDS)

    def begin(self, owner_id: int, name: str, file_name: str, work: Work) -> str:
        """Begin a print; returns its token."""
        job = PrintJob(owner_id, name, file_name)
        token = self._jobs.put(job)
        self._pool.submit(self._run, job, work)
        return token

    def find(self, token: str, owner_id: int) -> PrintJob:
        """The job of a token, for whoever asked for it. Raises NotFound for others and when it has gone."""
        return self._jobs.get(token, owner_id)

    def wait(self) -> None:
        """Wait until nothing is left to do (for tests, and for a server that is about to end)."""
        self._pool.submit(lambda: None).result()

    def _run(self, job: PrintJob, work: Work) -> None:
        try:
            job.data = work(job.step)
        except OfficeError as error:
            job.error = error
        except Exception:  # the thread's end: whoever waits is told
            _journal.exception("a print failed")
            job.error = PrintFailed()
