"""The watched folder: a file that a scanner lays into ``inbox`` is filed on behalf of a named user, then put aside.

A file (also one in a folder inside) is taken when it is complete: its size stands still and nobody has it open to
write. It is moved only after every page of it has its fate: to ``done``, or to ``problem``
when it could not be taken in, with a sentence in a ``.txt`` beside it. A kill at any moment loses nothing: the file
still lies there, and its bytes are known. What lies in ``done`` is in the vault already, and unlike there in the clear:
it is removed after a week, and at the next look where its master was destroyed with a record.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from forms.scanning.opening.masters import (
    LARGEST_FILE,
    ActiveFile,
    BrokenFile,
    EmptyFile,
    EncryptedFile,
    NotAScan,
    TooLarge,
)
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanBatch
from records import users
from records.errors import NotAllowed, NotFound, OfficeError
from records.users import OFFICE_ROLES, Actor
from records.vault import write_durably
from records.vault.spooling import Spool
from web.office import Office

LOG = logging.getLogger("yedang.inbox")
FOLDER, DONE, PROBLEM = "inbox", "done", "problem"
# A file is complete when its size and time have stood still for so long; what cannot be opened may be cut off by a
# slow line, and gets more time.
QUIET_SECONDS = 3.0
PATIENCE_SECONDS = 60.0
UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload")
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Look:
    """How a file stood when it was first seen so: size in bytes, time of change, and the clock's seconds then."""

    size: int
    changed_ns: int
    since: float

    @property
    def quiet(self) -> float:
        """For how many seconds it has stood so."""
        return time.monotonic() - self.since


class Inbox:
    """The watched folder of an office. Without a user on whose behalf to file it is not watched."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.folder = office.settings.home / FOLDER
        self._looks: dict[Path, Look] = {}
        self._digests: dict[Path, str] = {}

    def sentence(self) -> tuple[str, str]:
        """Whether it is watched and for whom, or why not, in Chinese and English."""
        try:
            actor = self._actor()
        except OfficeError as error:
            return (
                f"收件夹 {self.folder} 没有启用:{error.sentence('zh')}(设置 YEDANG_INBOX_USER)",
                f"The folder {self.folder} is not watched: {error.sentence('en')} (YEDANG_INBOX_USER)",
            )
        return (
            f"收件夹 {self.folder}:放入的扫描件以 {actor.name} 的名义归档。",
            f"Scans laid into {self.folder} are filed on behalf of {actor.name}.",
        )

    def take_in(self) -> int:
        """File the complete files that lie there, and tell how many were put aside."""
        if not self.office.settings.inbox_user:
            return 0
        try:
            actor = self._actor()
        except OfficeError:
            return 0
        for aside in (self.folder / DONE, self.folder / PROBLEM):
            aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear()
        return sum(self._take(actor, path) for path in self._complete())

    def settle(self) -> None:
        """Look, and wait until what lies there now may be complete: for a worker that looks but once."""
        if self.office.settings.inbox_user and self.folder.is_dir() and self._complete() == [] and self._looks:
            time.sleep(QUIET_SECONDS)

    def _actor(self) -> Actor:
        name = self.office.settings.inbox_user
        if not name:
            raise NotFound(what="归档人 / user")
        with self.office.reading() as session:
            actor = users.find_actor(session, name)
        if actor.role not in OFFICE_ROLES:
            raise NotAllowed(role=actor.role.zh, act="扫描归档")
        return actor

    def _complete(self) -> list[Path]:
        """The files that have stood still long enough, by name; the others are looked at again."""
        before, self._looks = self._looks, {}
        for path in self._lying(self.folder):
            try:
                stat = path.stat()
            except OSError:
                continue
            now, last = Look(stat.st_size, stat.st_mtime_ns, time.monotonic()), before.get(path)
            same = last is not None and (last.size, last.changed_ns) == (now.size, now.changed_ns)
            self._looks[path] = last if last is not None and same else now
        quiet = [path for path, look in self._looks.items() if look.quiet >= QUIET_SECONDS]
        written = _being_written(quiet) if quiet else set()
        return [path for path in quiet if path not in written]

    def _lying(self, folder: Path) -> Iterator[Path]:
        """The files of a folder and of those in it, by name; what was put aside, hidden or unfinished is left out."""
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.name.lower().endswith(UNFINISHED) or path.is_symlink():
                continue
            if path.is_file():
                yield path
            elif path.is_dir() and path not in (self.folder / DONE, self.folder / PROBLEM):
                with suppress(OSError):
                    yield from self._lying(path)

    def _take(self, actor: Actor, path: Path) -> bool:
        """File one file and put it aside; False when it is left for another look."""
        with ExitStack() as held:
            try:
                spool = held.enter_context(self._laid_in(path))
            except InterruptedError:
                return False
            except OSError as error:
                return self._give_up(path, error)
            except TooLarge as error:
                self._put_aside(path, PROBLEM, error.sentence("zh"), error.sentence("en"))
                return True
            return self._file_and_put_aside(actor, path, spool)

    def _file_and_put_aside(self, actor: Actor, path: Path, spool: Spool) -> bool:
        try:
            told = self._file(actor, path.name, spool)
        except (EmptyFile, BrokenFile) as error:
            if self._looks[path].quiet < PATIENCE_SECONDS:
                return False
            self._put_aside(path, PROBLEM, error.sentence("zh"), error.sentence("en"))
        except (NotAScan, EncryptedFile, TooLarge, ActiveFile) as error:
            self._put_aside(path, PROBLEM, error.sentence("zh"), error.sentence("en"))
        else:
            self._put_aside(path, DONE, *told)
        return True

    def _give_up(self, path: Path, error: OSError) -> bool:
        """A file that cannot be read gets some time, then it is a problem as well."""
        if error.errno == errno.ENOSPC:
            raise error  # the office's own disk is full, and no word about the file
        LOG.warning("inbox: %s", type(error).__name__)
        if self._looks[path].quiet < PATIENCE_SECONDS:
            return False
        why = error.strerror or type(error).__name__
        zh, en = f"文件「{path.name}」无法读取({why}),没有收下。", f"“{path.name}” cannot be read ({why}); not taken."
        self._put_aside(path, PROBLEM, zh, en)
        return True

    @contextmanager
    def _laid_in(self, path: Path) -> Iterator[Spool]:
        """What the file holds. Raises InterruptedError when it changed meanwhile, OSError, TooLarge."""
        look = self._looks[path]
        if look.size > LARGEST_FILE:
            raise TooLarge(name=path.name, what=f"{look.size // 2**20} MB")
        with path.open("rb") as file, intake.laid_in(self.office.desk, path.name, file) as spool:
            after = os.fstat(file.fileno())
            if (after.st_size, after.st_mtime_ns, spool.size) != (look.size, look.changed_ns, look.size):
                raise InterruptedError("it is still being written")
            yield spool

    def _file(self, actor: Actor, name: str, spool: Spool) -> tuple[str, str]:
        """File the pages, and tell what became of them. The same bytes again give the batch that they came in as."""
        with self.office.transaction() as session:
            batch_id = intake.receive(session, self.office.desk, actor, name, spool, source="inbox").id
        fates = batch_work.work_batch(self.office.database, self.office.desk, actor, batch_id)
        count = Counter(fate.state for fate in fates)
        return (
            f"第 {batch_id} 批:{len(fates)} 页,归档 {count['filed']},待处理 {count['tray']},"
            f"重复 {count['duplicate']},空白背面 {count['blank']}。",
            f"Batch {batch_id}: {len(fates)} pages, {count['filed']} filed, {count['tray']} in the tray, "
            f"{count['duplicate']} repeated, {count['blank']} blank backs.",
        )

    def _put_aside(self, path: Path, where: str, zh: str, en: str) -> None:
        """Write the sentence, then move the file; another worker may have moved it already."""
        target = _free(self.folder / where / path.relative_to(self.folder))
        write_durably(_note(target), f"{zh}\n{en}\n".encode())
        try:
            path.replace(target)
        except FileNotFoundError:
            _note(target).unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove what has lain in ``done`` for a week: its bytes are in the vault, or were destroyed there."""
        oldest = time.time() - KEPT.total_seconds()
        destroyed = self._destroyed()
        for note in (self.folder / DONE).rglob("*.txt"):
            file = note.with_name(note.name.removesuffix(".txt"))
            if note.stat().st_mtime < oldest or (destroyed and self._digest(file) in destroyed):
                file.unlink(missing_ok=True)
                note.unlink(missing_ok=True)

    def _digest(self, path: Path) -> str:
        """SHA-256 of a file that lies in ``done``; read once, for nobody writes there."""
        if path not in self._digests and path.exists():
            with path.open("rb") as file:
                self._digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._digests.get(path, "")

    def _destroyed(self) -> set[str]:
        """The digests of received files whose masters were destroyed with a record that had a page in them."""
        with self.office.reading() as session:
            return set(session.scalars(select(ScanBatch.digest).where(ScanBatch.blob_id.is_(None))))


def _being_written(paths: Collection[Path]) -> set[Path]:
    """Which of these files a program of this machine still has open to write, as far as the system tells."""
    wanted, found = {str(path.resolve()): path for path in paths}, set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # another user's program, or one that has just ended
            for descriptor in (process / "fd").iterdir():
                path = wanted.get(str(descriptor.readlink()))
                if path is not None and _for_writing(process, descriptor.name):
                    found.add(path)
    return found


def _for_writing(process: Path, descriptor: str) -> bool:
    flags = (process / "fdinfo" / descriptor).read_text().partition("flags:")[2].split()[0]
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.txt")


def _free(path: Path) -> Path:
    """The path, or with a number before its suffix where a file of that name lies there already."""
    tried, number = path, 1
    while tried.exists():
        number += 1
        tried = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return tried
