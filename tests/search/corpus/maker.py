"""The corpus that judges: 312 documents over all 78 forms, made alike every time, and what questions mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from forms.catalogue import load_catalogue
from records import changes, clock, dossiers, units
from records.tables import Blob, Document, Key, Page
from records.users import Actor
from records.vault import Vault
from search.index import Index

HERE = Path(__file__).parent
FIRST_DAY = date(2024, 1, 5)
#: The best ten are judged.
BEST = 10

_NAMES = (
    "王建国 李秀英 张伟强 刘洋 陈静怡 杨帆 赵敏芝 黄丽萍 周杰华 吴磊 徐明远 孙丽华 马超群 朱红梅 胡军 郭景宇 "
    "何平安 高山松 林涛 罗兰芳 郑凯文 梁思齐 谢晓峰 宋佳怡 唐国栋 许文静 韩雪梅 冯志刚 邓小蕾 曹建军 彭德胜 曾庆华 "
    "萧雅文 田甜 董卫国 袁立新 潘长青 于海波 蒋梦婕 蔡明珠 余秋月 杜月华 叶知秋 程程 苏东平 魏国兴 吕思雨 欧阳振华"
)


@dataclass(frozen=True)
class Household:
    """An owner of the corpus: unit ``1-1-101``, and a telephone."""

    number: int
    owner: str
    unit: str
    phone: str

    def spelled(self, style: int) -> str:
        """The unit as one of the people at the desk writes it."""
        building, entrance, door = self.unit.split("-")
        styles = ("{0}栋{1}单元{2}", "{0}-{1}-{2}", "{0}#{1}-{2}", "{0}号楼{1}单元{2}室")
        return styles[style % len(styles)].format(building, entrance, door)


@dataclass(frozen=True)
class Made:
    """A document of the corpus before it is filed: of whose ``household``; ``named`` are owner and unit in its text."""

    key: str
    number: int
    form_code: str
    title: str
    dated: date
    section: str | None
    of_unit: bool
    topics: frozenset[str]
    text: str
    household: Household
    named: str

    @property
    def serial(self) -> str:
        """Its serial, the number as in the corpus."""
        return f"{self.form_code}-{self.dated.year}-{self.number:06d}-*"


def households() -> list[Household]:
    """48 of them in six buildings."""
    return [
        Household(n, owner, f"{n % 6 + 1}-{n % 2 + 1}-{n // 6 + 1}0{n % 2 + 1}", f"138{n * 7919 % 10**8:08d}")
        for n, owner in enumerate(_NAMES.split())
    ]


@lru_cache
def made() -> tuple[Made, ...]:
    """All documents, in the order of the file."""
    written = yaml.safe_load((HERE / "documents.yaml").read_text(encoding="utf-8"))
    catalogue, homes = load_catalogue(), households()
    found: list[Made] = []
    for code, lines in written.items():
        form = catalogue.form(code)
        for place, line in enumerate(lines, start=1):
            number = len(found) + 1
            topics, _, text = line.partition(" | ")
            home = homes[number * 7 % len(homes)]
            named = " ".join(word for word in ("owner", "unit") if f"{{{word}}}" in text)
            found.append(
                Made(
                    f"{code}.{place}", number, code, form.zh, FIRST_DAY + timedelta(days=number * 37 % 312 * 3),
                    form.section, bool(form.unit), frozenset(topics.split()),
                    text.format(owner=home.owner, unit=home.spelled(number)), home, named,
                )
            )  # fmt: skip
    return tuple(found)


def queries() -> list[dict[str, Any]]:
    """The judged questions."""
    judged: list[dict[str, Any]] = yaml.safe_load((HERE / "queries.yaml").read_text(encoding="utf-8"))
    return judged


def relevant(query: dict[str, Any]) -> set[str]:
    """The keys of the documents that a question means (the rules are told in queries.yaml)."""
    if "docs" in query:
        return set(query["docs"])
    return {one.key for one in made() if _meets(one, query)}


def _meets(one: Made, query: dict[str, Any]) -> bool:
    of_owner = one.section is not None or "owner" in one.named
    of_unit = one.of_unit or "unit" in one.named
    checks = {
        "topics": lambda wanted: set(wanted) <= one.topics,
        "any": lambda wanted: bool(set(wanted) & one.topics),
        "not": lambda wanted: not set(wanted) & one.topics,
        "owner": lambda wanted: of_owner and one.household.owner == wanted,
        "unit": lambda wanted: of_unit and one.household.unit == wanted,
        "building": lambda wanted: one.of_unit and one.household.unit.split("-")[0] == wanted,
        "form": lambda wanted: one.form_code == wanted,
        "series": one.form_code.startswith,
        "year": lambda wanted: one.dated.year == wanted,
        "serial": lambda wanted: one.number == wanted,
    }
    return all(checks[name](wanted) for name, wanted in query.items() if name != "ask")


def new_index() -> Index:
    """An index that knows every form and procedure of the catalogue by its names."""
    catalogue = load_catalogue()
    names = {form.code: catalogue.names(form) for form in catalogue.forms}
    return Index(names, {one.key: [one.zh, one.en] for one in catalogue.procedures})


def file_all(session: Session, vault: Vault, archivist: Actor, manager: Actor) -> dict[int, str]:
    """File the corpus: the key of each document by its id."""
    homes = {}
    for home in households():
        unit = units.add_unit(session, manager, "东光花园", home.unit)
        people = [dossiers.NewOwner(home.owner, home.phone)]
        dossier = dossiers.start_ownership(session, vault, archivist, unit, people, date(2023, 1, 1))
        homes[home.number] = (unit.id, dossier.id)
    key = Key(scope="document", recipient="-", wrapped=None, created_at=clock.now())
    session.add(key)
    session.flush()
    filed = {_file(session, one, homes[one.household.number], key.id, archivist): one.key for one in made()}
    changes.touch(session, list(filed))
    return filed


def _file(session: Session, one: Made, home: tuple[int, int], key_id: int, actor: Actor) -> int:
    in_dossier = one.section is not None
    document = Document(
        form_code=one.form_code, title=one.title, serial=one.serial, dated=one.dated, section=one.section,
        series=None if in_dossier else one.form_code[:2], dossier_id=home[1] if in_dossier else None,
        unit_id=home[0] if one.of_unit else None, entered={}, rule="UNSET", state="filed", filed_at=clock.now(),
        filed_by=actor.id, key_id=key_id,
    )  # fmt: skip
    blob = Blob(digest=f"{one.number:064x}", key_id=key_id, size=1, media_type="image/png")
    session.add_all([document, blob])
    session.flush()
    session.add(Page(document_id=document.id, position=1, blob_id=blob.id, reading="done", text=one.text))
    session.flush()
    return document.id


@dataclass(frozen=True)
class Judged:
    """Means over all questions, 0 to 1.

    Recall: of the relevant (ten at most) how many are among the best ten. Precision: of the best ten that were given,
    how many are relevant (none given: 0).
    """

    recall: float
    precision: float


def judge(answers: Sequence[Sequence[str]]) -> Judged:
    """How good these answers (keys, the best first) to ``queries()`` are."""
    recalls, precisions = [], []
    for query, answer in zip(queries(), answers, strict=True):
        meant, best = relevant(query), list(dict.fromkeys(answer))[:BEST]
        good = len(meant & set(best))
        recalls.append(good / min(BEST, len(meant)))
        precisions.append(good / len(best) if best else 0.0)
    return Judged(sum(recalls) / len(recalls), sum(precisions) / len(precisions))
