"""The life events of a home as data: read from life_events.yaml and held against the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pydantic

import templates
from forms.catalogue import Catalogue
from forms.catalogue.files import CatalogueBroken, read_yaml, row
from forms.catalogue.rows import Clause, Code, Form, Key, Named, Requirement, Row
from records.estate import completeness
from records.estate.completeness import LifeEvent
from records.facts import FactKind

FILE = "life_events.yaml"


class _Asked(Requirement):
    """A form that an event asks for, with its clause and why."""

    form: Code
    after_months: int = pydantic.Field(default=0, ge=0)


class _Begins(Row):
    """What an event begins by."""

    ownership: Literal["first", "later"] | None
    facts: tuple[FactKind, ...]
    forms: tuple[Code, ...]


class _Event(Named):
    """A row of the file."""

    key: Key
    clause: Clause
    begins: _Begins
    requires: tuple[_Asked, ...]


def load(catalogue: Catalogue) -> tuple[LifeEvent, ...]:
    """The events in the file's order. What the catalogue calls required is asked for by every owner's first event.

    Raises CatalogueBroken: a form that the catalogue lacks, or that is filed in no dossier.
    """
    events = [row(_Event, f"{FILE} {data.get('key')}", data) for data in read_yaml(templates.read_text(FILE), FILE)]
    for event in events:
        for code in [*event.begins.forms, *(one.form for one in event.requires)]:
            _check(catalogue, event.key, code)
    return tuple(_as_event(event, catalogue.required_forms()) for event in events)


def _check(catalogue: Catalogue, key: str, code: str) -> None:
    form = next((form for form in catalogue.forms if form.code == code), None)
    if form is None or form.section is None:
        raise CatalogueBroken.at(f"{FILE} {key}", f"{code} 不归入业主档案", f"{code} is filed in no dossier")


def _as_event(event: _Event, required: Sequence[Form]) -> LifeEvent:
    asked = [completeness.Requirement(one.form, one.clause, one.zh, one.en, one.after_months) for one in event.requires]
    if event.begins.ownership is not None:
        named = {one.form for one in asked}
        asked += [_by_catalogue(form) for form in required if form.code not in named]
    return LifeEvent(
        event.key,
        event.zh,
        event.en,
        event.clause,
        event.begins.ownership,
        frozenset(map(str, event.begins.facts)),
        frozenset(event.begins.forms),
        tuple(asked),
    )


def _by_catalogue(form: Form) -> completeness.Requirement:
    clause = form.clauses[0] if form.clauses else "DA 4.1"
    return completeness.Requirement(form.code, clause, "表单目录列为必备", "The catalogue calls it required")
