"""Makes pictures of untrusted pages in a process of their own, with limits on memory and time.

``picture`` and ``page_image`` are those of ``rasters``: the same pages, sizes and errors. What a page does to its
reader (crash it, fill the memory, never end) ends that process and nothing else; the page is then one that cannot be
opened.
The process knows no secret: neither the environment nor any record reaches it, only the page's bytes.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import resource
import select
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import Image

from forms.scanning import rasters
from forms.scanning.masters import MOST_PIXELS, PageFile, UnreadablePage
from forms.scanning.rasters import Gray

SECONDS_A_PAGE = 20
# The processor's seconds are limited by the system; the clock's run on while other programs have the processor.
_GRACE = 10
MEMORY = 2**30
_LENGTHS = struct.Struct(">II")
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
_PIPE = 2**20

Answer = tuple[dict[str, object], bytearray]


def picture(page: PageFile) -> Gray:
    """``rasters.picture`` at arm's length. Raises UnreadablePage."""
    told, pixels = _ask({"act": "picture", "media_type": page.media_type}, page.data)
    height, width = _size(told, pixels, 1)
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def page_image(data: bytes, media_type: str, rotation: int = 0, dpi: int = 150) -> Image.Image:
    """``rasters.page_image`` at arm's length. Raises UnreadablePage."""
    told, pixels = _ask({"act": "page_image", "media_type": media_type, "rotation": rotation, "dpi": dpi}, data)
    height, width = _size(told, pixels, 3)
    return Image.frombuffer("RGB", (width, height), pixels, "raw", "RGB", 0, 1)


def _ask(wish: Mapping[str, object], data: bytes) -> Answer:
    told, pixels = _READER.ask(wish, data)
    if "why" in told:
        raise UnreadablePage(why=str(told["why"])[:200])
    return told, pixels


def _size(told: Mapping[str, object], pixels: bytearray, depth: int) -> tuple[int, int]:
    """Height and width, believed only when they agree with what came."""
    height, width = int(str(told.get("height"))), int(str(told.get("width")))
    if min(height, width) < 1 or height * width * depth != len(pixels):
        raise UnreadablePage(why="影像尺寸不符 / the picture contradicts its size")
    return height, width


class _Reader:
    """The process that reads pages: begun when it is first needed, ended and begun anew after a page it died of."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, wish: Mapping[str, object], data: bytes) -> Answer:
        """What the process answers, or why it cannot."""
        with self._lock:
            # The process may have been ended by something else than this page: a page is given a second try.
            return self._try(wish, data) or self._try(wish, data) or _failed("读取时出错 / reading it failed")

    def _try(self, wish: Mapping[str, object], data: bytes) -> Answer | None:
        until = time.monotonic() + SECONDS_A_PAGE + _GRACE
        try:
            return _exchange(self._begun(), _packed(wish, data), until)
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

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            root = str(Path(__file__).resolve().parents[2])
            environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
            environment |= {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-m", "forms.scanning.apart"]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._process.stdout or 0, fcntl.F_SETPIPE_SZ, _PIPE)
        return self._process

    def end(self) -> None:
        """End the process; the next page begins another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError):
                process.communicate()


def _failed(why: str) -> Answer:
    return {"why": why}, bytearray()


def _packed(head: Mapping[str, object], body: bytes) -> bytes:
    written = json.dumps(head).encode()
    return _LENGTHS.pack(len(written), len(body)) + written + body


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
    head, body = _LENGTHS.unpack(_take(taking, _LENGTHS.size, until))
    if head > 10_000 or body > 3 * MOST_PIXELS:
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


_READER = _Reader()
atexit.register(_READER.end)


def _serve() -> None:
    """Answer until the one who asks is gone. Runs in the process of its own."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand among the answers.
    os.dup2(2, 1)
    _limit(resource.RLIMIT_AS, _own_size() + MEMORY)
    while lengths := sys.stdin.buffer.read(_LENGTHS.size):
        head, body = _LENGTHS.unpack(lengths)
        wish, data = json.loads(sys.stdin.buffer.read(head)), sys.stdin.buffer.read(body)
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + SECONDS_A_PAGE)
        _answer(answers, wish, data)


def _limit(what: int, most: int) -> None:
    """Lower the soft limit; the hard one stays, so that the next page's time can be added."""
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _own_size() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _answer(answers: BinaryIO, wish: Mapping[str, object], data: bytes) -> None:
    try:
        pixels = _pixels(wish, data)
    except UnreadablePage as error:
        answers.write(_packed({"why": str(error.details["why"])}, b""))
    except Exception as error:  # whatever a decoder trips over is this page's fault and no other's
        answers.write(_packed({"why": type(error).__name__}, b""))
    else:
        whole = np.ascontiguousarray(pixels)
        head = json.dumps({"height": pixels.shape[0], "width": pixels.shape[1]}).encode()
        answers.write(_LENGTHS.pack(len(head), whole.nbytes) + head)
        answers.write(whole.data)
    answers.flush()


def _pixels(wish: Mapping[str, object], data: bytes) -> Gray:
    media_type = str(wish["media_type"])
    if wish["act"] == "picture":
        return rasters.picture(PageFile(data, media_type))
    rotation, dpi = int(str(wish["rotation"])), int(str(wish["dpi"]))
    return np.asarray(rasters.page_image(data, media_type, rotation, dpi), np.uint8)


if __name__ == "__main__":
    _serve()
