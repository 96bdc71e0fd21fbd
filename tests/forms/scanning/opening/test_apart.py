"""Pages are opened in a process of their own: the same pictures, and a page that harms its reader harms nobody else."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from forms.scanning.imitation import samples
from forms.scanning.opening import apart, rasters
from forms.scanning.opening.masters import PageFile, UnreadablePage, opened
from records.errors import OfficeError
from records.vault.spooling import Spool, spool


@pytest.fixture
def page() -> PageFile:
    """A scanned page."""
    with opened(samples.scan_pdf([Image.effect_noise((1240, 1754), 30).convert("RGB")], 150)) as master:
        return master.page(1)


@pytest.fixture
def spooled(tmp_path):
    """Lays bytes down as they are received."""

    @contextmanager
    def lay_down(data: bytes) -> Iterator[Spool]:
        with spool(tmp_path) as laid:
            laid.fill(io.BytesIO(data), len(data))
            yield laid

    return lay_down


def _pid() -> int:
    process = apart._READERS[0]._process
    assert process is not None
    return process.pid


def test_the_pictures_are_the_same(page):
    assert np.array_equal(apart.picture(page).gray, rasters.picture(page).gray)
    near = apart.page_image(page.data, page.media_type, 90, 100)
    far = rasters.page_image(page.data, page.media_type, 90, 100)
    assert near.size == far.size
    assert near.tobytes() == far.tobytes()


def test_a_broken_page_is_the_same_sentence(page):
    broken = PageFile(page.data[:2000], page.media_type)
    for read in (apart.picture, rasters.picture):
        with pytest.raises(UnreadablePage):
            read(broken)
    before = _pid()
    assert apart.picture(page).gray.shape == (1754, 1240)
    assert _pid() == before


def test_a_reader_that_died_is_begun_anew(page):
    apart.picture(page)
    os.kill(_pid(), signal.SIGKILL)
    assert apart.picture(page).gray.shape == (1754, 1240)


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read(page, monkeypatch):
    apart.picture(page)
    stuck = _pid()
    os.kill(stuck, signal.SIGSTOP)
    monkeypatch.setattr(apart, "SECONDS_A_PAGE", 1)
    monkeypatch.setattr(apart, "_GRACE", 0)
    with pytest.raises(UnreadablePage, match="超时"):
        apart.picture(page)
    monkeypatch.undo()
    assert apart.picture(page).gray.shape == (1754, 1240)
    assert _pid() != stuck


def test_memory_and_time_of_the_reader_are_limited_and_it_knows_no_secret(page, monkeypatch):
    monkeypatch.setenv("YEDANG_DATABASE_URL", "postgresql://secret")
    apart._READERS[0].end()
    apart.picture(page)
    limits = Path(f"/proc/{_pid()}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in limits}
    size = int(Path(f"/proc/{_pid()}/statm").read_text().split()[0]) * 4096
    assert int(soft["Max address space"]) <= size + apart.MEMORY
    assert int(soft["Max cpu time"]) <= 2 * apart.SECONDS_A_PAGE
    assert b"secret" not in Path(f"/proc/{_pid()}/environ").read_bytes()


def test_two_who_look_at_once_do_not_wait_for_each_other_and_one_alone_needs_one_process(page):
    for reader in apart._READERS:
        reader.end()
    for _ in range(3):
        apart.picture(page)
    assert [reader._process is not None for reader in apart._READERS] == [True, False]
    os.kill(_pid(), signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(apart.picture, page)
        while not apart._READERS[0].waiting:
            time.sleep(0.01)
        assert apart.picture(page).gray.shape == (1754, 1240)
        assert not stuck.done()
        os.kill(_pid(), signal.SIGCONT)
        assert stuck.result().gray.shape == (1754, 1240)


def test_an_open_file_outlives_the_process_that_opened_it(spooled):
    pages = [Image.effect_noise((300 + number, 400), 30).convert("RGB") for number in range(3)]
    data = samples.scan_pdf(pages, 150)
    with spooled(data) as laid, apart.opened(laid, "a.pdf") as far, opened(data) as near:
        assert (far.media_type, far.page_count) == (near.media_type, near.page_count)
        for position in (1, 2, 3):
            assert far.page(position) == near.page(position)
            os.kill(_pid(), signal.SIGKILL)
            file, seen = far.look(position)
            assert file == near.page(position)
            assert np.array_equal(seen.gray, rasters.picture(file).gray)


def test_a_file_is_refused_at_arms_length_with_the_same_sentence(spooled):
    for data, code in ((b"", "scan.empty"), (b"PK\x03\x04", "scan.not_a_scan"), (b"%PDF-1.7 cut off", "scan.broken")):
        with pytest.raises(OfficeError) as far, spooled(data) as laid, apart.opened(laid, "今天.pdf"):
            pass
        with pytest.raises(OfficeError) as near, opened(data, "今天.pdf"):
            pass
        assert far.value.code == code
        assert far.value.sentence("zh") == near.value.sentence("zh")
