"""What is received lies on the disk unreadable, in pieces, and is the same bytes again wherever it is read."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys

import pyrage
import pytest

from records.vault.spooling import PIECE, read_spool, spool

MARK = b"marker-of-a-private-page"


@pytest.fixture
def plain() -> bytes:
    """Two pieces and a bit, with a marker in it."""
    return MARK + random.Random(1).randbytes(2 * PIECE) + MARK


@pytest.fixture
def laid(tmp_path, plain):
    """It, laid down."""
    with spool(tmp_path) as found:
        found.fill(io.BytesIO(plain), len(plain))
        yield found


def test_the_same_bytes_come_out_wherever_one_begins(laid, plain):
    assert (laid.size, laid.digest) == (len(plain), hashlib.sha256(plain).hexdigest())
    with laid.reader() as file, laid.reader() as other:
        assert file.read() == plain
        chance = random.Random(2)
        for _ in range(200):
            begin, count = chance.randrange(len(plain)), chance.randrange(3 * 2**16)
            other.seek(begin)
            assert other.read(count) == plain[begin : begin + count]
        other.seek(-len(MARK), os.SEEK_END)
        assert other.read() == MARK
        assert other.read() == b""


def test_it_has_no_name_and_nobody_reads_it_without_its_key(laid, tmp_path):
    assert list(tmp_path.iterdir()) == []
    raw = os.pread(laid.fileno(), 4 * PIECE, 0)
    assert len(raw) > 2 * PIECE
    assert MARK not in raw
    stranger = str(pyrage.x25519.Identity.generate())
    with read_spool(os.dup(laid.fileno()), stranger, laid.size) as file, pytest.raises(pyrage.DecryptError):
        file.read()


def test_a_piece_that_was_changed_is_not_read(laid):
    os.pwrite(laid.fileno(), b"?", PIECE // 2)
    with laid.reader() as file, pytest.raises(pyrage.DecryptError):
        file.read(1)


def test_it_stops_a_little_behind_the_most(tmp_path):
    with spool(tmp_path) as found:
        found.fill(io.BytesIO(bytes(10 * PIECE)), 3 * PIECE)
        assert 3 * PIECE < found.size <= 4 * PIECE


def test_a_file_far_larger_than_memory_allows_is_laid_down_and_read(tmp_path):
    program = """
import resource, sys
from pathlib import Path
from records.vault.spooling import PIECE, spool
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 40 * 2**20, -1))
class Endless:
    def read(self, count):
        return bytes(count)
with spool(Path(sys.argv[1])) as laid:
    laid.fill(Endless(), 120 * 2**20)
    with laid.reader() as file:
        read = sum(len(piece) for piece in iter(lambda: file.read(PIECE), b""))
    print(read == laid.size > 120 * 2**20)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")
