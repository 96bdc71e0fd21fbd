"""The process that opens untrusted files and pages, with limits on memory and time; ``apart`` asks it.

It knows no secret: neither the environment nor any record reaches it, only the bytes of files and pages. It keeps the
files that it was asked to open until it is told to close them, and answers one question after the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from forms.scanning.opening import masters, rasters
from forms.scanning.opening.masters import Master, PageFile, UnreadablePage
from forms.scanning.opening.rasters import Gray
from records.errors import OfficeError
from records.vault.spooling import read_spool

SECONDS_A_PAGE = 20
MEMORY = 2**30
LENGTHS = struct.Struct(">II")

Wish = Mapping[str, Any]
#: What is told, and the bytes behind it, piece by piece.
Told = tuple[dict[str, object], Sequence[bytes | memoryview]]


class Opener:
    """The files that are open, by the number that the asker gave them."""

    def __init__(self, files: socket.socket) -> None:
        self._files = files
        self._most = _own_size() + MEMORY
        self._open: dict[int, Master] = {}

    def open(self, wish: Wish, _data: bytes) -> Told:
        """Open a spool whose descriptor comes beside the question: its kind and how many pages it has."""
        _, descriptors, _, _ = socket.recv_fds(self._files, 1, 1)
        file = read_spool(descriptors[0], str(wish["key"]), int(wish["size"]))
        try:
            master = masters.open_file(file, str(wish["name"]))
        except OfficeError as error:
            file.close()
            return {"error": error.code, "details": error.details}, []
        self._open[int(wish["handle"])] = master
        self.make_room()
        return {"media_type": master.media_type, "page_count": master.page_count}, []

    def close(self, wish: Wish, _data: bytes) -> Told:
        """Let go of a file."""
        master = self._open.pop(int(wish["handle"]), None)
        if master is not None:
            master.close()
            self.make_room()
        return {}, []

    def make_room(self) -> None:
        """What a page may take is the same, however large the files are that lie open."""
        _limit(resource.RLIMIT_AS, self._most + sum(master.held for master in self._open.values()))

    def cut(self, wish: Wish, _data: bytes) -> Told:
        """One page's own bytes."""
        file = self._page(wish)
        return {"media_type": file.media_type, "length": len(file.data)}, [file.data]

    def look(self, wish: Wish, _data: bytes) -> Told:
        """One page's own bytes and its picture, or why there is no picture."""
        file = self._page(wish)
        told: dict[str, object] = {"media_type": file.media_type, "length": len(file.data)}
        try:
            drawn, pixels = picture({"media_type": file.media_type}, file.data)
        except Exception as error:  # whatever a decoder trips over: the page's own bytes are there all the same
            return {**told, "unseen": _sentence(error)}, [file.data]
        return {**told, **drawn}, [file.data, *pixels]

    def _page(self, wish: Wish) -> PageFile:
        return self._open[int(wish["handle"])].page(int(wish["position"]))


def picture(wish: Wish, data: bytes) -> Told:
    """A page's picture in grey."""
    seen = rasters.picture(PageFile(data, str(wish["media_type"])))
    return {**_shape(seen.gray), "dpi": seen.dpi, "shrunk": seen.shrunk}, [_bytes(seen.gray)]


def page_image(wish: Wish, data: bytes) -> Told:
    """A page's picture in colour."""
    turn, dpi = int(wish["rotation"]), int(wish["dpi"])
    pixels = np.asarray(rasters.page_image(data, str(wish["media_type"]), turn, dpi), np.uint8)
    return _shape(pixels), [_bytes(pixels)]


def _shape(pixels: Gray) -> dict[str, object]:
    return {"height": pixels.shape[0], "width": pixels.shape[1]}


def _bytes(pixels: Gray) -> memoryview:
    return np.ascontiguousarray(pixels).reshape(-1).data


def _sentence(error: Exception) -> str:
    return str(error.details["why"]) if isinstance(error, UnreadablePage) else type(error).__name__


def serve(questions: BinaryIO, answers: BinaryIO, files: socket.socket) -> None:
    """Answer until the one who asks is gone."""
    opener = Opener(files)
    opener.make_room()
    acts: dict[str, Callable[[Wish, bytes], Told]] = {
        "open": opener.open,
        "close": opener.close,
        "cut": opener.cut,
        "look": opener.look,
        "picture": picture,
        "page_image": page_image,
    }
    while lengths := questions.read(LENGTHS.size):
        head, body = LENGTHS.unpack(lengths)
        wish, data = json.loads(questions.read(head)), questions.read(body)
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + SECONDS_A_PAGE)
        try:
            told, parts = acts[wish["act"]](wish, data)
        except Exception as error:  # whatever a decoder trips over is this page's fault and no other's
            told, parts = {"why": _sentence(error)}, []
        written = json.dumps(told).encode()
        answers.write(LENGTHS.pack(len(written), sum(len(part) for part in parts)) + written)
        for part in parts:
            answers.write(part)
        answers.flush()


def _limit(what: int, most: int) -> None:
    """Lower the soft limit; the hard one stays, so that the next page's time can be added."""
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _own_size() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main() -> None:
    """Serve whoever began this process, over its standard input and output and one socket for files."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand among the answers.
    os.dup2(2, 1)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, answers, socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
