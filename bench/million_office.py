"""A million documents of four hundred characters by bulk insert into the real schema, and the questions about them."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from records import changes, clock, users
from records.database import Base, Database
from records.tables import Document, Dossier, Key, Owner, Ownership, OwnershipOwner, Unit
from search.asking import Question

DOCUMENTS = int(os.environ.get("YEDANG_BENCH_DOCUMENTS", "1000000"))
CHARACTERS = 400
#: Dossiers, one a unit, with three documents in five.
DOSSIERS = 6_000
_DAYS = 2_900
_FIRST_DAY = date(2018, 1, 1)
_PLACES = (
    "卫生间 厨房 阳台 客厅 主卧 地下车库 电梯厅 楼道 消防通道 屋顶天台 配电间 水泵房 单元门厅 儿童乐园 垃圾站 岗亭"
).split()
_THINGS = (
    "水管 阀门 地漏 马桶 窗户 门锁 墙面 吊顶 地砖 插座 电表 水表 燃气表 暖气片 空调外机 门禁 摄像头 灯具 防火门 扶手 "
    "排烟管 下水道 化粪池 充电桩 道闸 快递柜 绿化带 护栏 雨棚 信报箱"
).split()
_STATES = (
    "漏水 渗水 堵塞 破损 松动 异响 失灵 老化 脱落 积水 短路 断裂 变形 生锈 发霉 结露 返味 跳闸 卡顿 倾斜 "
    "不亮 不热 不通 不响 关不严 打不开 有裂缝 有异味 有杂物 被占用"
).split()
_ACTS = (
    "已派工程部到场检查 已通知业主约定时间 已联系施工单位返修 已更换配件并试运行 已拍照留存备查 已张贴温馨提示 "
    "要求三日内完成整改 待厂家回复报价 业主对处理结果表示满意 业主要求书面答复 业主暂不同意入户 经协商达成一致 "
    "费用由责任方承担 费用从维修资金列支 押金按规定退还 下月例会再行通报 由客服中心跟进回访 由秩序部加强巡查 "
    "列入年度大修计划 资料移交档案室归档 现场恢复原状 已上报管理处经理 楼上楼下共同查看 责任划分尚有争议"
).split()
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华慧巧美玉兰建国志红梅鹏飞雪松琳浩然子轩雨欣晨曦梓涵嘉怡"


@cache
def _sentences() -> list[str]:
    """Six thousand sentences as an office writes them; places and things are not met equally often."""
    chance, made = random.Random(3), []
    for _ in range(6_000):
        at, what = _skewed(chance, _PLACES), _skewed(chance, _THINGS)
        who = chance.choice(_SURNAMES) + chance.choice(("先生", "女士", "师傅", "经理"))
        made.append(f"{who}反映{at}{what}{_skewed(chance, _STATES)},{_skewed(chance, _ACTS)}。")
    return made


def _skewed(chance: random.Random, among: Sequence[str]) -> str:
    return among[int(len(among) * chance.random() ** 2.2)]


def _name(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)


def texts() -> Iterator[str]:
    """Texts of four hundred characters, always the same ones: a name, a number, sentences."""
    chance = random.Random(7)
    sentences = _sentences()
    for _ in range(DOCUMENTS):
        written = f"业主{_name(chance)} 电话1{chance.randrange(10**9, 10**10)} " + "".join(
            [sentences[int(6_000 * chance.random())] for _ in range(18)]
        )
        yield written[:CHARACTERS]


def questions() -> list[Question]:
    """Two hundred and forty questions of every kind that people ask."""
    chance = random.Random(11)

    asked: list[Question] = []
    for _ in range(20):
        place, thing, state = chance.choice(_PLACES), chance.choice(_THINGS), chance.choice(_STATES)
        other, act = chance.choice(_STATES), chance.choice(_ACTS)
        since = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS - 90))
        building, entrance = 1 + chance.randrange(20), 1 + chance.randrange(4)
        asked += [
            Question(state[:2]),
            Question(thing[:2]),
            Question(_name(chance)),
            Question(act[2 : 2 + chance.randrange(3, 6)]),
            Question(f"{place}{thing}"),
            Question(f"{thing[:2]} {state[:2]}"),
            Question(f"{state[:2]} 非 {other[:2]}"),
            Question(chance.choice("水电门窗墙管押锁灯梯")),
            Question(f"单元:{building}-{entrance}-{1 + chance.randrange(15)}01"),
            Question(f"编号:{chance.randrange(1, DOCUMENTS) % 1_000_000:06d}"),
            Question(state[:2], since=since, until=since + timedelta(days=chance.choice((1, 30, 90)))),
            Question(f"1{chance.randrange(100, 999)}*"),
        ]
    return asked


def typed() -> list[str]:
    """What people have typed when suggestions are looked up, letter by letter."""
    words = (
        "3-2-1201",
        "12栋2单元",
        "张伟",
        "wangwei",
        "zjg",
        "李秀",
        "回访",
        "ts-02",
        "TS-02-2021-0001",
        "0123",
        "1201",
    )
    return [word[:length] for word in words * 4 for length in range(1, len(word) + 1)]


def fill(database: Database) -> list[int]:
    """The estate and the documents; the ids of the dossiers. The index knows of nothing yet."""
    with database.transaction() as session:
        user = users.add_user(session, None, "bench", "admin", "measured beside its peers")
        key = Key(scope="document", recipient="age1", wrapped=None, created_at=clock.now())
        session.add(key)
        session.flush()
        homes = _estate(session, key.id)
        _take_in(session, _rows(user.id, key.id, homes))
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) documents"))
    return [dossier for dossier, _ in homes]


def add(session: Session, number: int) -> None:
    """One document more, as an act files it."""
    one = dict(zip(_COLUMNS, next(_rows(1, 1, [(None, None)], 1)), strict=True))
    key = session.scalars(select(Key.id)).first()
    known = {"key_id": key, "entered": {"text": f"新增第{number}件 " + next(texts())}, "signatures": {}}
    document = Document(**{**one, **known, "dated": date(2026, 1, 1), "serial": None, "filed_at": clock.now(),
                           "lacks_signature": False})  # fmt: skip
    session.add(document)
    session.flush()
    changes.touch(session, [document.id])


def _estate(session: Session, key_id: int) -> list[tuple[Any, Any]]:
    """Units with one owner and one dossier each, as (dossier, unit)."""
    chance, since = random.Random(5), date(2015, 1, 1)
    doors = list(itertools.product(range(1, 21), range(1, 5), range(1, 31), range(1, 5)))[:DOSSIERS]
    codes = [f"{building}-{entrance}-{floor}{door:02d}" for building, entrance, floor, door in doors]
    _all(session, Unit, [{"estate": "东光花园", "code": one, "building": one.split("-")[0]} for one in codes])
    _all(session, Owner, [{"name": _name(chance), "phone": f"139{at:08d}", "id_number": ""} for at in range(DOSSIERS)])
    units, owners = (list(session.scalars(select(table.id).order_by(table.id))) for table in (Unit, Owner))
    _all(session, Ownership, [{"unit_id": unit, "from_on": since} for unit in units])
    held = list(session.scalars(select(Ownership.id).order_by(Ownership.id)))
    pairs = zip(held, owners, strict=True)
    _all(session, OwnershipOwner, [{"ownership_id": one, "owner_id": owner} for one, owner in pairs])
    about = {"key_id": key_id, "state": "open", "opened_on": since}
    _all(session, Dossier, [{"number": f"bench-{one}", "ownership_id": one, **about} for one in held])
    return list(zip(session.scalars(select(Dossier.id).order_by(Dossier.id)), units, strict=True))


def _all(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    session.execute(insert(table), rows)


_COLUMNS = (
    "dossier_id", "unit_id", "series", "form_code", "title", "serial", "copy", "dated", "filed_at", "filed_by", "rule",
    "state", "key_id", "entered", "expected_pages", "signatures", "lacks_signature",
)  # fmt: skip


def _rows(
    user_id: int, key_id: int, homes: Sequence[tuple[Any, Any]], most: int = DOCUMENTS
) -> Iterator[tuple[Any, ...]]:
    moment = clock.now().isoformat()
    for number, words in enumerate(itertools.islice(texts(), most)):
        dated = _FIRST_DAY + timedelta(days=number * _DAYS // DOCUMENTS)
        dossier, unit = homes[number * 7919 % len(homes)] if number % 5 < 3 else (None, None)
        serial = f"TS-02-{dated.year}-{number % 1_000_000:06d}-0"
        yield (
            dossier, unit, None if dossier else "TS", "TS-02", "客户投诉处理单", serial, 1, dated.isoformat(), moment,
            user_id, "UNSET", "filed", key_id, json.dumps({"text": words}, ensure_ascii=False), 1, "{}", False,
        )  # fmt: skip


def _take_in(session: Session, rows: Iterator[tuple[Any, ...]]) -> None:
    """Documents by the database's own way of taking many rows."""
    driver: Any = session.connection().connection.driver_connection
    columns = ", ".join(_COLUMNS)
    if session.get_bind().dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO documents ({columns}) VALUES ({', '.join('?' * len(_COLUMNS))})", rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY documents ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
