"""Opens untrusted files and pages in a process of their own (``child``), with limits on memory and time.

``opened``, ``picture`` and ``page_image`` are those of ``masters`` and ``rasters``: the same pages, sizes and errors.
What a file does to its reader (crash it, fill the memory, never end) ends that process and nothing else; the page is
then one that cannot be opened.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from forms.scanning.opening.child import LENGTHS, MEMORY, SECONDS_A_PAGE
from forms.scanning.opening.masters import (
    LARGEST_FILE,
    MEDIA_TYPES,
    MOST_PAGES,
    MOST_PIXELS,
    REFUSALS,
    BrokenFile,
    PageFile,
    UnreadablePage,
)
from forms.scanning.opening.rasters import Gray, Picture
from records.errors import OfficeError
from records.vault.spooling import Spool

__all__ = ["MEMORY", "SECONDS_A_PAGE", "Far", "opened", "page_image", "picture"]

# The processor's seconds are limited by the system; the clock's run on while other programs have the processor.
_GRACE = 10
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
_PIPE = 2**20
_LONGEST_ANSWER = 3 * MOST_PIXELS + LARGEST_FILE
_HANDLES = count(1)
# Two people who look at pages need not wait for each other, nor for a pile that is being filed.
_MOST_READERS = 2
_COUNTING = Lock()

Answer = tuple[dict[str, object], bytearray]


class Far:
    """A file that the other process has opened: its kind, how many pages it has, and each page, one at a time."""

    def __init__(self, spool: Spool, name: str) -> None:
        self.spool = spool
        self.handle = next(_HANDLES)
        self.reader = _least_busy()
        self.opened_by: subprocess.Popen[bytes] | None = None
        told, _ = self.reader.ask({"act": "open", "name": name}, file=self)
        self.media_type, self.page_count = _opening(told, name)

    def page(self, position: int) -> PageFile:
        """The bytes of a page, counted from 1. Raises UnreadablePage."""
        told, data = _believed({"act": "cut", "position": position}, file=self)
        return PageFile(bytes(data), _media_type(told))

    def look(self, position: int) -> tuple[PageFile, Picture | UnreadablePage]:
        """The bytes of a page and its picture, or why there is none. Raises UnreadablePage where it cannot be cut."""
        try:
            told, data = _believed({"act": "look", "position": position}, file=self)
        except UnreadablePage as error:
            # The picture may have ended its reader; the page's own bytes can be had all the same.
            return self.page(position), error
        length = int(str(told.get("length")))
        file = PageFile(bytes(data[:length]), _media_type(told))
        if "unseen" in told:
            return file, UnreadablePage(why=str(told["unseen"])[:200])
        return file, _picture(told, memoryview(data)[length:])

    def close(self) -> None:
        """Let go of the file."""
        self.reader.forget(self)


@contextmanager
def opened(spool: Spool, name: str = "") -> Iterator[Far]:
    """``masters.opened`` at arm's length.

    Raises EmptyFile, NotAScan, BrokenFile, EncryptedFile, TooLarge, ActiveFile.
    """
    far = Far(spool, name)
    try:
        yield far
    finally:
        far.close()


def picture(page: PageFile) -> Picture:
    """``rasters.picture`` at arm's length. Raises UnreadablePage."""
    told, pixels = _believed({"act": "picture", "media_type": page.media_type}, page.data)
    return _picture(told, memoryview(pixels))


def page_image(data: bytes, media_type: str, rotation: int = 0, dpi: int = 150) -> Image.Image:
    """``rasters.page_image`` at arm's length. Raises UnreadablePage."""
    wish = {"act": "page_image", "media_type": media_type, "rotation": rotation, "dpi": dpi}
    told, pixels = _believed(wish, data)
    height, width = _size(told, pixels, 3)
    return Image.frombuffer("RGB", (width, height), pixels, "raw", "RGB", 0, 1)


def _believed(wish: Mapping[str, object], data: bytes = b"", file: Far | None = None) -> Answer:
    told, body = (file.reader if file else _least_busy()).ask(wish, data, file)
    if "why" in told:
        raise UnreadablePage(why=str(told["why"])[:200])
    return told, body


def _picture(told: Mapping[str, object], pixels: memoryview) -> Picture:
    height, width = _size(told, pixels, 1)
    gray: Gray = np.frombuffer(pixels, np.uint8).reshape(height, width)
    dpi = told.get("dpi")
    return Picture(gray, float(str(dpi)) if dpi is not None else None, int(str(told.get("shrunk"))))


def _size(told: Mapping[str, object], pixels: bytearray | memoryview, depth: int) -> tuple[int, int]:
    """Height and width, believed only when they agree with what came."""
    height, width = int(str(told.get("height"))), int(str(told.get("width")))
    if min(height, width) < 1 or height * width * depth != len(pixels):
        raise UnreadablePage(why="影像尺寸不符 / the picture contradicts its size")
    return height, width


def _media_type(told: Mapping[str, object]) -> str:
    found = str(told.get("media_type"))
    if found not in MEDIA_TYPES:
        raise UnreadablePage(why="页的格式不明 / the page is of no known kind")
    return found


def _opening(told: Mapping[str, object], name: str) -> tuple[str, int]:
    """Kind and number of pages, or the refusal that the other process came to."""
    refusal, details = REFUSALS.get(str(told.get("error"))), told.get("details")
    if refusal is not None and isinstance(details, dict):
        raise _refused(refusal, details, name)
    pages = told.get("page_count")
    if "why" in told or not isinstance(pages, int) or not 0 < pages <= MOST_PAGES:
        raise BrokenFile(name=name, why=str(told.get("why", "无法打开 / it cannot be opened"))[:200])
    return _media_type(told), pages


def _refused(refusal: type[OfficeError], details: Mapping[str, object], name: str) -> OfficeError:
    return refusal(**{**{str(key): str(value)[:200] for key, value in details.items()}, "name": name})


class _Reader:
    """A process that opens files: begun when it is first needed, ended and begun anew after a page it died of."""

    def __init__(self) -> None:
        self._lock = Lock()
        #: How many questions are being answered or wait to be.
        self.waiting = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._files: socket.socket | None = None

    def ask(self, wish: Mapping[str, object], data: bytes = b"", file: Far | None = None) -> Answer:
        """What the process answers, or why it cannot. ``file``: which of the opened files it is about."""
        with self._taken():
            # The process may have been ended by something else than this page: a page is given a second try.
            return (
                self._try(wish, data, file) or self._try(wish, data, file) or _failed("读取时出错 / reading it failed")
            )

    @contextmanager
    def _taken(self) -> Iterator[None]:
        """One question at a time."""
        with _COUNTING:
            self.waiting += 1
        try:
            with self._lock:
                yield
        finally:
            with _COUNTING:
                self.waiting -= 1

    def forget(self, file: Far) -> None:
        """Let the process close a file, if it is still the one that opened it."""
        with self._taken():
            if file.opened_by is not None and file.opened_by is self._process:
                self._try({"act": "close", "handle": file.handle}, b"", None)

    def _try(self, wish: Mapping[str, object], data: bytes, file: Far | None) -> Answer | None:
        until = time.monotonic() + SECONDS_A_PAGE + _GRACE
        try:
            process = self._begun()
            if file is None:
                return _exchange(process, _packed(wish, data), until)
            if file.opened_by is not process:
                told = self._hand_over(process, file, str(wish.get("name", "")), until)
                if wish["act"] == "open" or "page_count" not in told[0]:
                    return told
            return _exchange(process, _packed({**wish, "handle": file.handle}, data), until)
        except TimeoutError:
            self.end()
            return _failed("读取超时 / it took too long")
        except (OSError, EOFError, ValueError, struct.error):
            self.end()
            return None
        except BaseException:
            # Half an answer may be on its way: nobody must take it for the next page's.
            self.end()
            raise

    def _hand_over(self, process: subprocess.Popen[bytes], file: Far, name: str, until: float) -> Answer:
        """Give the process a spool's descriptor, to be opened there under the file's handle."""
        if self._files is None:
            raise EOFError
        socket.send_fds(self._files, [b"f"], [file.spool.fileno()])
        wish = {"act": "open", "handle": file.handle, "name": name, "key": file.spool.key, "size": file.spool.size}
        told = _exchange(process, _packed(wish, b""), until)
        file.opened_by = process
        return told

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.end()
            root = str(Path(__file__).resolve().parents[3])
            environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
            environment |= {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            self._files, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "forms.scanning.opening.child", str(theirs.fileno())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._process.stdout or 0, fcntl.F_SETPIPE_SZ, _PIPE)
        return self._process

    def end(self) -> None:
        """End the process; the next page begins another."""
        process, self._process = self._process, None
        files, self._files = self._files, None
        if files is not None:
            files.close()
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError):
                process.communicate()


def _failed(why: str) -> Answer:
    return {"why": why}, bytearray()


def _packed(head: Mapping[str, object], body: bytes) -> bytes:
    written = json.dumps(head).encode()
    return LENGTHS.pack(len(written), len(body)) + written + body


def _exchange(process: subprocess.Popen[bytes], question: bytes, until: float) -> Answer:
    """Send the question and take the answer, both within the time. Raises TimeoutError, EOFError, OSError."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    sending, taking = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(sending, False)
    rest = memoryview(question)
    while rest:
        _ready([], [sending], until)
        rest = rest[os.write(sending, rest[:_PIPE]) :]
    head, body = LENGTHS.unpack(_take(taking, LENGTHS.size, until))
    if head > 10_000 or body > _LONGEST_ANSWER:
        raise ValueError("an answer that long is none")
    told = json.loads(_take(taking, head, until))
    return dict(told), _take(taking, body, until)


def _take(source: int, count: int, until: float) -> bytearray:
    found = bytearray()
    while len(found) < count:
        _ready([source], [], until)
        part = os.read(source, min(_PIPE, count - len(found)))
        if not part:
            raise EOFError
        found += part
    return found


def _ready(sources: list[int], targets: list[int], until: float) -> None:
    left = until - time.monotonic()
    if left <= 0 or not any(select.select(sources, targets, [], left)):
        raise TimeoutError


_READERS = tuple(_Reader() for _ in range(_MOST_READERS))
for _one in _READERS:
    atexit.register(_one.end)


def _least_busy() -> _Reader:
    """The first that has nothing to do: the next process is begun only where two things are wanted at once."""
    return min(_READERS, key=lambda reader: reader.waiting)
