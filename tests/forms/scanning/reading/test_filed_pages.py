"""What recognition promises: each filed page is read once, whoever dies on the way, and the text is fit for search."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pylopdf_fonts_zh_cn
import pytest
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import func, select, update

from forms import numbering
from forms.printing import issuing
from forms.scanning.imitation import handwriting, samples
from forms.scanning.reading import filed_pages, recogniser
from forms.scanning.reading.recogniser import Line
from forms.scanning.receiving import batch_work, intake
from records import documents, readings
from records.audit import Verb
from records.tables import AuditEntry, Document, Page

DYING = """
import sys, time
from pathlib import Path
from forms.catalogue import load_catalogue
from forms.scanning.desk import ScanDesk
from forms.scanning.reading import filed_pages
from records.database import Database
from records.vault import MasterKey, Vault

class Dying:
    def strips(self, pictures):
        print("reading", flush=True)
        time.sleep(60)

    page = places = strips

vault = Vault(Path(sys.argv[2]) / "vault", MasterKey(Path(sys.argv[2]) / "keys" / "master.key"))
desk = ScanDesk(load_catalogue(), vault, vault.master.page_secret())
filed_pages.work_once(Database(sys.argv[1]), desk, Dying(), 0.5)
"""


class Counting:
    """Reads every line of writing as the same words, and counts the pages."""

    def __init__(self):
        self.count = 0

    def page(self, _image):
        self.count += 1
        return [Line("整页文字", 10, 10, 90, 30)]

    def places(self, _picture):
        return []

    def strips(self, pictures):
        self.count += 1
        return [("字迹", 0.9) for _ in pictures]


@pytest.fixture
def filed(database, actors, make_book, scan_in):
    """Three pages of a book, each with one field written, filed and not yet read."""
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 3)
    [box] = [box for box in sheet.boxes[0] if box["key"] == "resident" and box["kind"] == "field"]
    scan_in(database, actors.staff, [handwriting.write(image, box, "赵丽华", 1) for image in sheet.images])


def _read(session):
    return session.scalar(select(func.count()).where(AuditEntry.verb == str(Verb.PAGE_READ)))


@pytest.mark.usefixtures("filed")
def test_every_page_is_read_once(database, desk):
    reader = Counting()
    while filed_pages.work_once(database, desk, reader):
        pass
    assert reader.count == 3
    with database.reading() as session:
        assert session.scalars(select(Page.reading)).all() == ["done"] * 3
        assert all(text == "字迹" for text in session.scalars(select(Page.text)))
        assert (_read(session), filed_pages.waiting(session)) == (3, 0)


@pytest.mark.usefixtures("filed")
def test_a_page_whose_reader_was_killed_is_read_by_another_once(database, desk, home):
    url = database.engine.url.render_as_string(hide_password=False)
    root = Path(__file__).resolve().parents[4]
    command = [sys.executable, "-c", DYING, url, str(home)]
    victim = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == "reading\n"
    victim.kill()
    victim.wait()
    victim.stdout.close()
    time.sleep(0.6)
    reader = Counting()
    while filed_pages.work_once(database, desk, reader):
        pass
    with database.reading() as session:
        assert session.scalars(select(Page.reading)).all() == ["done"] * 3
        assert _read(session) == 3
    assert reader.count == 3


@pytest.mark.usefixtures("filed")
def test_what_comes_too_late_is_not_written(database, desk):
    class Slow(Counting):
        def strips(self, _pictures):
            # Its claim has run out; another worker reads the same page meanwhile.
            with database.transaction() as session:
                session.execute(update(Page).where(Page.id != first).values(reading="done"))
                session.execute(update(Page).where(Page.id == first).values(reading="waiting", leased_until=None))
            assert filed_pages.work_once(database, desk, Counting())
            return [("too late", 1.0)]

    with database.reading() as session:
        first = session.scalar(select(func.min(Page.id)))
    assert filed_pages.work_once(database, desk, Slow())
    with database.reading() as session:
        assert session.get_one(Page, first).text == "字迹"
        assert _read(session) == 1


@pytest.mark.usefixtures("filed")
def test_two_readers_never_claim_the_same_page(database):
    with database.transaction() as session:
        one = filed_pages.claim(session, 60)
    with database.transaction() as session:
        two = filed_pages.claim(session, 60)
    assert one is not None
    assert two is not None
    assert one.id != two.id


@pytest.mark.usefixtures("filed")
def test_a_page_that_cannot_be_opened_is_given_up_and_said(database, desk):
    for file in (desk.vault.folder).rglob("*.age"):
        file.write_bytes(b"nothing")
    while filed_pages.work_once(database, desk, Counting()):
        pass
    with database.reading() as session:
        assert session.scalars(select(Page.reading)).all() == ["failed"] * 3


def test_pieces_are_joined_in_reading_order():
    lines = [
        Line("13800001111", 300, 52, 420, 70),
        Line("回 访 记 录", 100, 10, 300, 40),
        Line("联系电话：", 20, 50, 120, 72),
        Line("下一行", 20, 80, 100, 100),
    ]
    assert recogniser.joined(lines) == "回访记录\n联系电话：  13800001111\n下一行"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("王 建 国", "王建国"),
        ("３－２－１２０１", "3-2-1201"),
        ("Room 12 号", "Room 12 号"),
        ("（存档）", "（存档）"),
        ("漏 水 ,已修 。", "漏水，已修。"),
        ("阳台(2) 开裂", "阳台（2）开裂"),
        ("１０：３０ 到场", "10:30 到场"),
        ("ＩＤ：Ａ（１）", "ID:A(1)"),
        ("㎡", "㎡"),
    ],
)
def test_text_is_made_fit_for_search(raw, clean):
    assert recogniser.clean(raw) == clean


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_scanned_form_is_really_read_field_by_field(database, actors, shop, make_unit, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        form, values = shop.catalogue.form("RZ-08"), {"owner": "欧阳建国"}
        printed = issuing.print_sheets(session, shop, actors.staff, form, unit=unit, values=values)
        boxes = numbering.find_serial(session, printed.serials[0]).layout.boxes
        image = next(iter(samples.rasterise(printed.data)))
        written = {"water": "128", "gas": "56.2", "opinion": "墙面空鼓两处，卫生间地漏反水"}
        for box in boxes:
            if box["page"] == 1 and box["key"] in written:
                image = handwriting.write(image, box, written[box["key"]], 3)
        image = samples.sign(image, [box for box in boxes if box["page"] == 1], ["owner", "handover"], 3)
        scan = samples.scan_pdf([samples.degrade(image, "medium", 2, turn=1)])
        batch = intake.receive(session, desk, actors.staff, "a.pdf", scan)
    batch_work.work_batch(database, desk, actors.staff, batch.id)
    assert filed_pages.work_once(database, desk, recogniser.Recogniser())
    with database.reading() as session:
        [[page]] = readings.of_documents(session, session.scalars(select(Document.id))).values()
        text = session.scalars(select(Page.text)).one()
    found = {key: field.text for key, field in page.fields.items() if field.state == "recognised"}
    assert found == {"water": "128", "gas": "56.2", "opinion": "墙面空鼓两处，卫生间地漏反水"}
    assert (page.fields["owner"].state, page.fields["owner"].text) == ("printed", "欧阳建国")
    assert page.fields["fix_by"].state == "blank"
    assert "handover" not in page.fields
    assert text == "128\n·\n56.2\n·\n墙面空鼓两处，卫生间地漏反水"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_from_elsewhere_is_read_as_a_whole_with_the_places_of_its_lines(database, actors, desk, vault):
    page = Image.new("RGB", (1000, 600), "white")
    font = ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), 40)
    ImageDraw.Draw(page).text((100, 300), "房屋产权证书复印件", font=font, fill="black")
    out = io.BytesIO()
    page.save(out, "PNG")
    with database.transaction() as session:
        placing = documents.Placing(form_code="RZ-16", title="产权证书", rule="5y", series="RZ")
        filed = documents.file_document(session, vault, actors.staff, placing)
        documents.add_page(session, vault, filed, documents.NewPage(out.getvalue(), "image/png"))
        number = filed.id
    assert filed_pages.work_once(database, desk, recogniser.Recogniser())
    with database.reading() as session:
        [[found]] = readings.of_documents(session, [number]).values()
    [line] = found.fields[readings.WHOLE].lines
    assert line.text == "房屋产权证书复印件"
    left, top, width, height = line.box
    assert 0.06 < left < 0.12
    assert 0.45 < top < 0.55
    assert 0.3 < width < 0.4
    assert height < 0.12
