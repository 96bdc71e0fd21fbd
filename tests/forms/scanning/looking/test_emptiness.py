"""A blank back is dropped from view, and nothing that bears a stroke; what may be ours is told from other papers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from bench.corpus_paper import copied_paper
from forms.paper import A4
from forms.scanning.imitation import samples
from forms.scanning.looking import emptiness
from forms.tables import ScanBatch, ScanPage
from records import audit
from records.audit import Verb
from records.tables import AuditEntry, Blob

A4_200 = (1654, 2339)


def _gray(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def _white(size: tuple[int, int] = A4_200) -> Image.Image:
    return Image.new("RGB", size, "white")


def _pencilled(faint: int) -> Image.Image:
    """One word of 2 cm in pencil, 0.4 mm wide, so many levels darker than the paper."""
    pixels = np.array(_white())
    random = np.random.default_rng(3)
    points = np.column_stack([400 + np.linspace(0, 150, 9), 900 + random.uniform(-30, 30, 9)])
    samples._draw_curve(pixels, points, 3, (255 - faint,) * 3, random)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("seed", range(5))
def test_an_empty_page_is_blank_however_it_lies(seed):
    assert emptiness.is_blank(_gray(samples.degrade(_white(), "clean", seed)))
    assert emptiness.is_blank(_gray(_white((1169, 827)).convert("1")))


@pytest.mark.parametrize("level", ["clean", "medium", "bad"])
@pytest.mark.parametrize("faint", [20, 40, 80])
def test_faint_writing_is_never_blank(level, faint):
    for seed in range(4):
        assert not emptiness.is_blank(_gray(samples.degrade(_pencilled(faint), level, seed)))


def test_a_dark_page_a_shadow_and_a_stain_are_not_blank():
    shaded = np.array(_white())
    shaded[600:1500, 300:1200] = 200
    for page in (Image.new("L", A4_200, 0), Image.new("L", A4_200, 90), Image.fromarray(shaded)):
        assert not emptiness.is_blank(_gray(page))


def test_a_page_of_ours_without_its_code_may_be_ours_and_other_papers_are_not(
    database, actors, make_book, make_sheet, make_unit
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, book = make_book(session, actors.supervisor, "HF-01", 1)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    for number, page in enumerate([book.images[0], sheet.images[0]]):
        pixels = np.array(page)
        # The whole corner with the code is torn off, and one of the squares with it.
        pixels[: int(0.2 * pixels.shape[0]), int(0.65 * pixels.shape[1]) :] = 255
        for level in ("clean", "medium", "bad"):
            torn = samples.degrade(Image.fromarray(pixels), level, number, turn=number)
            assert emptiness.may_be_ours(_gray(torn))
    assert not emptiness.may_be_ours(_gray(_white()))
    assert not emptiness.may_be_ours(_gray(_pencilled(200)))


@pytest.mark.parametrize("seed", range(4))
def test_copies_on_a_poor_scanner_are_not_taken_for_pages_of_ours(seed):
    copied = copied_paper(np.random.default_rng(seed), 150)
    assert not emptiness.may_be_ours(_gray(samples.degrade(copied, "bad", seed)))


@pytest.mark.parametrize("seed", range(4))
def test_a_worn_page_whose_code_is_gone_may_still_be_ours(database, actors, make_sheet, seed):
    with database.transaction() as session:
        [page, *_] = make_sheet(session, actors.staff, "RZ-08").images
    assert emptiness.may_be_ours(_gray(samples.degrade(samples.destroy_code(page, A4, seed), "bad", seed)))


def test_blank_backs_are_counted_and_stay_in_the_master(database, actors, make_book, scan_in, desk):
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 2)
    fates = scan_in(database, actors.staff, [book.images[0], _white(), book.images[1], _pencilled(30)])
    assert [(fate.state, fate.reason) for fate in fates] == [
        ("filed", ""),
        ("blank", "blank_back"),
        ("filed", ""),
        ("tray", "no_code"),
    ]
    assert "空白" in fates[1].reason_zh
    with database.reading() as session:
        batch = session.scalars(select(ScanBatch)).one()
        with samples.pikepdf.open(samples.io.BytesIO(desk.vault.open(session.get_one(Blob, batch.blob_id)))) as master:
            assert len(master.pages) == 4
        row = session.scalars(select(ScanPage).where(ScanPage.state == "blank")).one()
        assert row.blob_id is None
        assert session.scalar(select(AuditEntry.subject).where(AuditEntry.verb == Verb.SCAN_BLANK)) == f"scan:{row.id}"
        assert audit.verify(session) is None


def test_a_pile_laid_in_wrong_side_up_does_not_vanish(database, actors, make_book, scan_in):
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 1)
    fates = scan_in(database, actors.staff, [_white(), book.images[0], _white()])
    assert [(fate.state, fate.reason) for fate in fates] == [
        ("tray", "no_code"),
        ("filed", ""),
        ("blank", "blank_back"),
    ]
