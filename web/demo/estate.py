"""Who lives in the demonstration's estate: 120 homes and fictional owners, the same every time."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from records.users import Role

ESTATE = "东光花园"
_SEED = 20260101
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜叶程苏魏吕丁任卢姚沈钟姜崔"
)
_FIRST = "建国秀英志强桂兰文博雨欣子涵俊杰晓梅海燕立群思远佳宁永康玉珍浩然静怡国庆雪梅振华春生淑芬宏伟丽娟天佑"
_DOUBLE = ("欧阳", "司马", "上官")


@dataclass(frozen=True)
class Person:
    """Someone who signs in to the demonstration."""

    name: str
    role: Role

    @property
    def password(self) -> str:
        """The fixed password; nobody uses it for anything but the demonstration."""
        return f"yedang-demo-{self.role.value}"


ADMIN = Person("系统管理", Role.ADMIN)
STAFF = Person("陈晓", Role.STAFF)
STAFF_2 = Person("刘悦", Role.STAFF)
ARCHIVIST = Person("周敏", Role.ARCHIVIST)
SUPERVISOR = Person("何勇", Role.SUPERVISOR)
MANAGER = Person("林国栋", Role.MANAGER)
MANAGER_2 = Person("赵慧", Role.MANAGER)
PEOPLE = (ADMIN, STAFF, STAFF_2, ARCHIVIST, SUPERVISOR, MANAGER, MANAGER_2)


def codes() -> list[str]:
    """3 buildings of 2 entrances, 10 floors, 2 doors: 120 homes."""
    return [
        f"{building}-{entrance}-{floor}{door:02d}"
        for building in range(1, 4)
        for entrance in range(1, 3)
        for floor in range(1, 11)
        for door in range(1, 3)
    ]


def table(today: date) -> bytes:
    """The homes as the csv that an office would import; three of them are not sold yet."""
    chance = random.Random(_SEED)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["小区", "楼栋", "单元房号", "业主", "电话", "身份证号", "起始日期"])
    for number, code in enumerate(codes()):
        since = years_before(today, 9) + timedelta(days=chance.randrange(700))
        sold = number % 41 != 40
        owners = "、".join(_names(chance)) if sold else ""
        phone = f"1990000{number:04d}" if sold else ""
        writer.writerow([ESTATE, code[0], code, owners, phone, "", since.isoformat() if sold else ""])
    return out.getvalue().encode("utf-8-sig")


def _names(chance: random.Random) -> Iterator[str]:
    yield name(chance)
    if chance.random() < 0.15:
        yield name(chance)


def name(chance: random.Random) -> str:
    """A name that nobody was given on purpose."""
    surname = chance.choice(_DOUBLE) if chance.random() < 0.04 else chance.choice(_SURNAMES)
    start = chance.randrange(len(_FIRST) // 2) * 2
    return surname + (_FIRST[start : start + 2] if chance.random() < 0.8 else _FIRST[start])


def years_before(day: date, years: int) -> date:
    """About the same day some years earlier; never a 29 February."""
    return day.replace(year=day.year - years, day=min(day.day, 28))
