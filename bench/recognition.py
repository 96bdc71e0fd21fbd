"""Handwriting on known forms read into its fields, on one core; the same engine over whole pages beside it."""

from __future__ import annotations

import io
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from PIL import Image

from bench.report import Section, percentile
from forms import pdf
from forms.catalogue import load_catalogue
from forms.catalogue.rows import Form
from forms.layout import Laid, lay_out
from forms.scanning.imitation import handwriting, samples
from forms.scanning.reading.fields import Known, read_fields
from forms.scanning.reading.recogniser import Line, Recogniser, clean

PAGES = 42
PEER_PAGES = 12
SECRET = b"a secret of this measurement only"
LEVELS = ("clean", "medium", "bad")
ENTERED = {"unit": "3-2-1201", "owner": "欧阳建国"}
_LONG = (
    "墙面空鼓两处，卫生间地漏反水，请尽快处理",
    "楼上装修噪音严重，夜间十点仍在施工，多次劝阻无效",
    "维修质量良好，水管已不漏水，业主表示满意",
    "已通知施工单位停工整改，三日内恢复原状",
    "拆除厨房非承重隔墙，更换卫生间防水层，铺设地砖约三十平方米",
    "厨房水管接头渗漏，更换软管一根，试水半小时无渗漏",
)
_NAMES = ("赵丽华", "李国庆", "王小明", "陈思远", "刘洋", "周晓梅", "吴志强", "郑海燕")
_TEXTS = ("东方装饰工程有限公司", "海淀区中关村大街18号", "工程部", "地下车库B2入口", "北京第二机床厂", "钥匙一把")
#: What is written on each form: field by kind of content.
WRITTEN: Mapping[str, Mapping[str, str]] = {
    "RZ-08": {"water": "number", "power": "number", "gas": "number", "opinion": "long"},
    "HF-01": {"resident": "name", "original": "text", "quality": "long", "shortcomings": "long", "suggestions": "long"},
    "TS-02": {"complainant": "name", "phone": "phone", "department": "text", "complaint": "long", "result": "long"},
    "ZX-01": {"contractor": "text", "foreman": "name", "foreman_phone": "phone", "workers": "number", "works": "long"},
    "RZ-07": {"emergency": "name", "emergency_phone": "phone", "employer": "text", "address": "text"},
    "YY-02": {"contact": "name", "phone": "phone", "department": "text", "work": "long", "opinion": "long"},
}


@dataclass(frozen=True)
class Sample:
    """A scanned page, what is known of it, and what was written into which field."""

    image: Image.Image
    known: Known
    written: Mapping[str, str]


def _value(kind: str, random: np.random.Generator) -> str:
    pools: dict[str, Callable[[], str]] = {
        "long": lambda: str(random.choice(_LONG)),
        "name": lambda: str(random.choice(_NAMES)),
        "text": lambda: str(random.choice(_TEXTS)),
        "phone": lambda: "1" + "".join(str(one) for one in random.integers(0, 10, 10)),
        "number": lambda: str(random.integers(1, 9999)),
    }
    return pools[kind]()


def _sample(form: Form, seed: int, level: str) -> Sample:
    """A page of a form: printed, written on, signed, scanned at a level."""
    random = np.random.default_rng(seed)
    given = {} if form.mode == "book" else {key: one for key, one in ENTERED.items() if form.field(key) is not None}
    laid = lay_out(form, given, office="东光物业客服中心", estate="东光花园")
    serial, out = f"{form.code}-2026-{seed:06d}-X", io.BytesIO()
    pdf.draw(laid, pdf.sheet_identities(laid, serial, SECRET), out, title="", author="")
    image, boxes = next(iter(samples.rasterise(out.getvalue()))), [box for box in laid.boxes if box["page"] == 1]
    written = {key: _value(kind, random) for key, kind in WRITTEN[form.code].items() if key not in given}
    for box in boxes:
        if box["kind"] == "field" and box["key"] in written:
            image = handwriting.write(image, box, written[box["key"]], seed)
    image = samples.sign(image, boxes, [box["key"] for box in boxes], seed)
    return Sample(samples.degrade(image, level, seed, turn=0), _known(serial, laid, form, given), written)


def _known(serial: str, laid: Laid, form: Form, given: Mapping[str, Any]) -> Known:
    fields = tuple(box for box in laid.boxes if box["page"] == 1 and box["kind"] == "field")
    return Known(serial, laid.paper, fields, laid.pages[0].items, form, given)


def _right(written: Mapping[str, str], read: Mapping[str, str]) -> tuple[int, int, int, int]:
    """Characters written, characters to change in what was read of them, fields, fields read without a fault."""
    wrong, whole = 0, 0
    for key, text in written.items():
        distance = _distance(clean(text), read.get(key, "").replace("\n", ""))
        wrong, whole = wrong + min(distance, len(text)), whole + (distance == 0)
    return sum(map(len, written.values())), wrong, len(written), whole


def _distance(one: str, other: str) -> int:
    """How many characters to put in, take out or change (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, start=1):
        before, row[0] = row[0], number
        for place, found in enumerate(other, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (character != found))
    return row[-1]


def _by_boxes(lines: Sequence[Line], sample: Sample, fields: Mapping[str, Any]) -> dict[str, str]:
    """The peer's lines given to the fields in whose place their middle lies: the places as we found them."""
    width, height = sample.image.size
    found: dict[str, str] = {}
    for key, field in fields.items():
        left, top, wide, high = field.box
        inside = [
            line.text
            for line in lines
            if left <= (line.left + line.right) / 2 / width <= left + wide
            and top <= (line.top + line.bottom) / 2 / height <= top + high
        ]
        found[key] = "".join(inside)
    return found


def measure() -> Section:
    """Read every page field by field, and some of them as whole pages with the same engine and thread."""
    cv2.setNumThreads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    catalogue, recogniser = load_catalogue(), Recogniser(threads=1)
    forms = [catalogue.form(code) for code in WRITTEN]
    pages = [_sample(forms[n % len(forms)], n + 1, LEVELS[n // len(forms) % len(LEVELS)]) for n in range(PAGES)]
    _read(pages[0], recogniser)
    ours: list[tuple[Any, float]] = [_timed(partial(_read, one, recogniser)) for one in pages]
    counted = [
        _right(one.written, {key: field.text for key, field in read.items()})
        for one, (read, _) in zip(pages, ours, strict=True)
    ]
    theirs, of_peer = [], []
    for one, (read, _) in list(zip(pages, ours, strict=True))[:PEER_PAGES]:
        lines, seconds = _timed(partial(recogniser.page, one.image))
        theirs.append(seconds)
        of_peer.append(_right(one.written, _by_boxes(lines, one, read)))
    columns = ["program", "pages", "seconds a page, median", "p95", "worst", "characters right", "fields without fault"]
    section = Section("Recognition: handwriting on known forms, 200 dpi, one core, one thread", columns)
    section.rows = [
        _row("ours: inked boxes only, each into its field", [seconds for _, seconds in ours], counted),
        _row("peer: the same engine over the whole page, lines given to our boxes", theirs, of_peer),
    ]
    section.notes += [
        f"{len(WRITTEN)} forms, {PAGES} pages, levels {', '.join(LEVELS)} in turn; drawn handwriting: the embedded "
        "typeface, each character with its own size, slant, height and pressure. Real hands are harder for both.",
        "Times include finding the code and the fiducials again; not: opening the vault, drawing the page (15-40 ms), "
        "and writing to the database. tesseract is not installed here.",
    ]
    return section


def _read(sample: Sample, recogniser: Recogniser) -> Mapping[str, Any]:
    gray = np.asarray(sample.image.convert("L"), np.uint8)
    return read_fields(gray, sample.known, SECRET, recogniser) or {}


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = act()
    return result, time.perf_counter() - start


def _row(name: str, seconds: Sequence[float], counted: Sequence[tuple[int, int, int, int]]) -> list[str]:
    characters, wrong, fields, whole = (sum(column) for column in zip(*counted, strict=True))
    return [
        name, str(len(seconds)), f"{statistics.median(seconds):.2f}", f"{percentile(list(seconds), 0.95):.2f}",
        f"{max(seconds):.2f}", f"{100 * (1 - wrong / characters):.1f} %", f"{whole} of {fields}",
    ]  # fmt: skip
