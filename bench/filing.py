"""Pages filed a second without recognition: 200 dpi JPEG scans into vault, log, index and SQLite, on one core."""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path

import cv2
import pypdfium2
from sqlalchemy import select

from bench.peers import CODE_READERS, Look
from bench.report import Section
from forms.printing import issuing
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import Serial
from records import dossiers, units, users
from records.clock import parse_date
from records.settings import Settings
from records.users import Actor
from web.office import Office

UNITS = 10
EACH = 6
DPI = 200


def _office(home: Path) -> tuple[Office, Actor]:
    office = Office.init(Settings.read({"YEDANG_HOME": str(home)}))
    with office.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "admin", "admin", "measured beside its peers"))
        actor = users.as_actor(users.add_user(session, admin, "archivist", "archivist", "measured beside its peers"))
        for number in range(UNITS):
            unit = units.add_unit(session, actor, "东光花园", f"1-1-{101 + number}")
            owner = dossiers.NewOwner("王建国", "13800001111")
            dossiers.start_ownership(session, office.vault, actor, unit, [owner], parse_date("2020-01-01"))
    return office, actor


def _scans(office: Office, actor: Actor) -> bytes:
    """Signed, skewed, noisy scans of printed inspection sheets, as one PDF of JPEG pages."""
    images = []
    form = office.catalogue.form("RZ-08")
    for number in range(UNITS):
        with office.transaction() as session:
            unit = units.find_unit(session, f"1-1-{101 + number}")
            printed = issuing.print_sheets(session, office.shop, actor, form, unit=unit, count=EACH)
            serial = session.scalars(select(Serial).where(Serial.text == printed.serials[0])).one()
            boxes = serial.layout.boxes if serial.layout else []
        for position, image in enumerate(samples.rasterise(printed.data, DPI)):
            signed = samples.sign(image, [b for b in boxes if b["page"] == 1], ["owner", "handover"], position, DPI)
            images.append(samples.degrade(signed, "medium", seed=100 * number + position))
    return samples.scan_pdf(images, dpi=DPI)


def _peer(data: bytes, look: Look) -> tuple[float, int]:
    """The common pipeline: render each page, look for a code; nothing is filed, sealed or logged."""
    start, found = time.perf_counter(), 0
    document = pypdfium2.PdfDocument(io.BytesIO(data))
    for page in document:
        found += bool(look(page.render(scale=DPI / 72).to_pil()))
    seconds, pages = time.perf_counter() - start, len(document)
    document.close()
    return pages / seconds, found


def measure() -> Section:
    """File one batch, and let the common pipeline only look for the codes of the same batch."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        office, actor = _office(Path(folder) / "home")
        data = _scans(office, actor)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        start = time.perf_counter()
        with office.transaction() as session:
            batch = intake.receive(session, office.desk, actor, "bench.pdf", data)
            batch_id = batch.id
        fates = batch_work.work_batch(office.database, office.desk, actor, batch_id)
        rate = len(fates) / (time.perf_counter() - start)
        peers = {name: _peer(data, look) for name, look in CODE_READERS.items() if look is not None}
    filed = sum(fate.state == "filed" for fate in fates)
    signed = sum(fate.state == "filed" and all(s["signed"] for s in fate.signatures.values()) for fate in fates)
    columns = ["program", "pages a second", "pages", "filed or read", "signatures right"]
    section = Section("Filing: 200 dpi JPEG scans, one core, no recognition", columns)
    section.rows = [
        ["ours: read, turned, registered, ink judged, sealed, logged, indexed, committed", f"{rate:.1f}",
         str(len(fates)), str(filed), str(signed)],
    ]  # fmt: skip
    for name, (speed, found) in peers.items():
        section.rows.append(
            [f"peer: render, and {name} reads the code", f"{speed:.1f}", str(len(fates)), str(found), "not looked at"]
        )
    section.notes += [f"Peer {name}: not on this machine." for name, look in CODE_READERS.items() if look is None]
    section.notes.append("Scans: printed RZ-08 sheets, drawn signatures, skew, noise, blur, JPEG (level medium).")
    return section
