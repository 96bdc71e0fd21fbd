"""What reading a page promises: its identity or none, never a wrong one; where it lies; whether a box holds ink."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from forms import unsigned
from forms.catalogue import load_catalogue
from forms.paper import A4, A4_LANDSCAPE
from forms.scanning.imitation import samples
from forms.scanning.looking import codes, registration, signatures

SHEETS = ["RZ-08", "ZX-01", "YW-01", "YY-02", "TS-02"]
BOOKS = ["HF-01", "YS-02"]


@pytest.fixture
def database(sqlite_database):
    """Reading touches no record: one kind of database will do."""
    return sqlite_database


@pytest.fixture
def printed(database, actors, make_unit, make_sheet, make_book):
    """Pages of several forms, each with its mark's serial, its paper and its boxes to sign."""
    pages = []
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheets = [make_sheet(session, actors.staff, code, unit=unit) for code in SHEETS]
        sheets += [make_book(session, actors.supervisor, code, 2)[1] for code in BOOKS]
    for sheet in sheets:
        for number, image in enumerate(sheet.images):
            paper = A4_LANDSCAPE if image.width > image.height else A4
            boxes = [box for box in sheet.boxes[number] if box["kind"] != "field"]
            pages.append((sheet, number, paper, boxes))
    return pages


def _gray(image):
    return np.asarray(image.convert("L"))


def _read_all(printed, desk, level, count):
    """Scan so many pages, half of the boxes signed: (read rightly, read wrongly, boxes by expected and found)."""
    right = wrong = 0
    verdicts = []
    for seed in range(count):
        sheet, number, paper, boxes = printed[seed % len(printed)]
        keys = [box["key"] for place, box in enumerate(boxes) if (place + seed) % 2]
        gray = _gray(samples.degrade(sheet.signed(number + 1, keys, seed), level, seed))
        found = codes.read(gray, desk.secret).found
        if found is None:
            continue
        serial = sheet.serials[number if len(sheet.serials) > 1 else 0]
        right, wrong = (right + 1, wrong) if found.mark.serial == serial else (right, wrong + 1)
        judged = signatures.judge(gray, registration.register(gray, found.corners, paper), boxes)
        verdicts += [(box["key"] in keys, judged[box["key"]]["signed"]) for box in boxes]
    return right, wrong, verdicts


@pytest.mark.parametrize(("level", "pages", "least"), [("clean", 13, 13), ("medium", 40, 40), ("bad", 18, 17)])
def test_no_page_is_taken_for_another_and_no_signature_is_misjudged(printed, desk, level, pages, least):
    right, wrong, verdicts = _read_all(printed, desk, level, pages)
    assert wrong == 0
    assert right >= least
    assert [pair for pair in verdicts if pair[1] is not None and pair[0] != pair[1]] == []
    assert sum(found is None for _, found in verdicts) <= 0.03 * len(verdicts)
    assert {expected for expected, _ in verdicts} == {True, False}


def test_a_turned_page_is_put_upright(printed, desk):
    sheet, number, paper, boxes = printed[0]
    signed = sheet.signed(number + 1, [boxes[0]["key"]])
    for turn in range(4):
        image = samples.degrade(signed, "medium", 5, turn=turn)
        found = codes.read(_gray(image), desk.secret).found
        assert found.rotation == (-90 * turn) % 360
        upright = image.rotate(-found.rotation, expand=True)
        assert codes.read(_gray(upright), desk.secret).found.rotation == 0
        judged = signatures.judge(_gray(image), registration.register(_gray(image), found.corners, paper), boxes)
        assert judged[boxes[0]["key"]]["signed"] is True


def test_other_resolutions_are_read(printed, desk):
    sheet, number, paper, _boxes = printed[0]
    for dpi in (150, 300, 600):
        size = (round(paper.width / 25.4 * dpi), round(paper.height / 25.4 * dpi))
        gray = _gray(sheet.images[number].resize(size, Image.Resampling.BICUBIC).rotate(0.6, fillcolor="white"))
        found = codes.read(gray, desk.secret).found
        registered = registration.register(gray, found.corners, paper)
        assert registered.is_sure
        assert registered.scale == pytest.approx(dpi / 25.4, rel=0.01)


def test_a_pen_stroke_across_the_code_does_not_hide_it(printed, desk):
    sheet, number, paper, _boxes = printed[0]
    image = sheet.images[number].copy()
    left, top, side = (value * 200 / 25.4 for value in paper.qr)
    ImageDraw.Draw(image).line((left - 20, top + 40, left + side + 20, top + side - 30), fill=(20, 20, 90), width=5)
    assert codes.read(_gray(image), desk.secret).found is not None


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_marker_through_the_codes_large_squares_does_not_hide_it(printed, desk, turn):
    sheet, number, paper, _boxes = printed[0]
    image = sheet.images[number].copy()
    left, top, side = (value * 200 / 25.4 for value in paper.qr)
    near = 0.12 * side
    down = [(left + near, top - 9), (left + near, top + side + 9)]
    ends = down if turn % 2 else [(left - 9, top + near), (left + side + 9, top + near)]
    ImageDraw.Draw(image).line(ends, fill=(20, 20, 90), width=8)
    gray = _gray(samples.degrade(image, "medium", 5, turn=turn))
    found = codes.read(gray, desk.secret).found
    assert found.mark.serial == sheet.serials[0]
    assert found.rotation == (-90 * turn) % 360


def test_registration_finds_each_place_to_a_fraction_of_a_millimetre(printed, desk):
    sheet, number, paper, _boxes = printed[0]
    image = sheet.images[number].rotate(1.7, expand=False, fillcolor="white", resample=Image.Resampling.BICUBIC)
    gray = _gray(image)
    registered = registration.register(gray, codes.read(gray, desk.secret).found.corners, paper)
    points = np.array([(30.0, 60.0), (180.0, 60.0), (30.0, 270.0), (180.0, 270.0)])
    centre = np.array([image.width, image.height]) / 2
    angle = np.radians(-1.7)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = (points * 200 / 25.4 - centre) @ turn.T + centre
    off = np.linalg.norm(registered.to_pixels(points) - expected, axis=1) / registered.scale
    assert registered.fiducials == 4
    assert off.max() < 0.2


def test_with_two_fiducials_hidden_a_person_judges_the_signatures(printed, desk):
    sheet, number, paper, boxes = printed[0]
    image = sheet.signed(number + 1, [boxes[0]["key"]])
    for x, y in paper.fiducials[2:]:
        ImageDraw.Draw(image).rectangle([(x - 5) * 7.874, (y - 5) * 7.874, (x + 5) * 7.874, (y + 5) * 7.874], "white")
    gray = _gray(image)
    registered = registration.register(gray, codes.read(gray, desk.secret).found.corners, paper)
    assert registered.fiducials == 2
    assert {verdict["signed"] for verdict in signatures.judge(gray, registered, boxes).values()} == {None}


def _photograph(image, seed):
    """The page as a phone sees it on a desk: leaning, in the shadow of a hand, darker towards one side."""
    random = np.random.default_rng(seed)
    wide, high = image.size
    lean = random.uniform(0.03, 0.09, 8) * np.tile((wide, high), 4)
    desk = [(-lean[0], -lean[1]), (wide + lean[2], -lean[3]), (wide + lean[4], high + lean[5]), (-lean[6], high + 0.5)]
    matrix = cv2.getPerspectiveTransform(
        np.array(desk, np.float32), np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    )
    seen = cv2.warpPerspective(np.asarray(image.convert("RGB")), matrix, (wide, high), borderValue=(96, 84, 70))
    light = np.linspace(random.uniform(0.6, 0.8), 1.0, wide)[None, :, None] * np.ones((high, 1, 1))
    cv2.ellipse(light, (int(0.6 * wide), int(0.8 * high)), (wide // 4, high // 5), 30, 0, 360, 0.55, -1)
    light = cv2.GaussianBlur(light, (0, 0), 40)[:, :, None]
    return Image.fromarray((seen * light).astype(np.uint8))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_photograph_is_filed_and_its_signatures_are_left_to_a_person(
    database, actors, make_unit, make_sheet, scan_in, seed
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    out = io.BytesIO()
    _photograph(sheet.signed(1, ["owner"]), seed).save(out, "JPEG", quality=80)
    (fate,) = scan_in(database, actors.staff, out.getvalue(), "IMG_0001.jpg")
    assert (fate.state, fate.serial, fate.page_no, fate.copy) == ("filed", sheet.serials[0], 1, 1)
    assert {one["signed"] for one in fate.signatures.values()} == {None}
    with database.reading() as session:
        (waiting,) = unsigned.unsigned(session, load_catalogue())
        assert (waiting.serial, waiting.missing, waiting.unclear) == (sheet.serials[0], (), ("owner", "handover"))


def test_a_red_stamp_counts_as_ink_and_a_shadow_does_not(desk):
    page = Image.new("RGB", (1654, 2339), (244, 243, 240))
    box = {"page": 1, "key": "office", "kind": "stamp", "x": 60.0, "y": 100.0, "w": 60.0, "h": 40.0}
    flat = registration.Registration(np.array([[7.874, 0, 0], [0, 7.874, 0]]), 0.0, 4)
    assert signatures.judge(_gray(samples.sign(page, [box], ["office"], 1)), flat, [box])["office"]["signed"] is True
    pixels = np.asarray(page, np.float32) * np.linspace(0.55, 1.0, 1654)[None, :, None]
    shadow = Image.fromarray(pixels.astype(np.uint8))
    assert signatures.judge(_gray(shadow), flat, [box])["office"] == {"ink": 0.0, "signed": False}


def test_between_blank_and_signed_a_person_looks():
    page = Image.new("L", (1654, 2339), 255)
    box = {"page": 1, "key": "owner", "kind": "signature", "x": 50.0, "y": 100.0, "w": 50.0, "h": 20.0}
    ImageDraw.Draw(page).line((450, 850, 520, 850), fill=0, width=6)
    flat = registration.Registration(np.array([[7.874, 0, 0], [0, 7.874, 0]]), 0.0, 4)
    verdict = signatures.judge(np.asarray(page), flat, [box])["owner"]
    assert signatures.BLANK < verdict["ink"] < signatures.SIGNED
    assert verdict["signed"] is None
