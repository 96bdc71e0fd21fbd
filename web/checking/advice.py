"""What to do about a finding, by its code: the sentences are data."""

from __future__ import annotations

from functools import cache

import yaml
from pydantic import BaseModel, ConfigDict

import templates


class Advice(BaseModel):
    """One of the four properties, and what an archivist or administrator does about such a finding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    part_en: str
    zh: str
    en: str


@cache
def _rows() -> dict[str, Advice]:
    rows = yaml.safe_load(templates.read_text("check_advice.yaml"))
    return {code: Advice.model_validate(row) for code, row in rows.items()}


def of(code: str) -> Advice:
    """What to do about findings of this code."""
    return _rows()[code]


def codes() -> set[str]:
    """Every code for which there is advice."""
    return set(_rows())
