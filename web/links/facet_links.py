"""Facets on the results page: what each is called, and the address that narrows to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from forms.catalogue import Catalogue, UnknownForm
from search.facets import Facets, Value
from web.wording.language import named


@dataclass(frozen=True)
class Link:
    """One value of a facet, with how many it leaves, and where it leads."""

    name: str
    count: int
    address: str


@dataclass(frozen=True)
class Group:
    """One facet with more than one value."""

    name: str
    links: tuple[Link, ...]


def groups(found: Facets, catalogue: Catalogue, text: str, within: str) -> list[Group]:
    """The facets that would narrow what was found."""
    sections = {section.key: named(section) for section in catalogue.sections}
    series = {procedure.key: named(procedure) for procedure in catalogue.procedures}

    def form(code: str) -> str:
        try:
            return named(catalogue.form(code))
        except UnknownForm:
            return code

    facets: Sequence[tuple[str, tuple[Value, ...], Callable[[str], str]]] = (
        (_("表单"), found.forms, form),
        (_("类别"), found.series, lambda key: series.get(key, key)),
        (_("卷内目录"), found.sections, lambda key: sections.get(key, key)),
        (_("年份"), found.years, str),
        (_("楼栋"), found.buildings, str),
    )
    return [
        Group(name, tuple(_links(values, called, text, within))) for name, values, called in facets if len(values) > 1
    ]


def _links(values: Sequence[Value], called: Callable[[str], str], text: str, within: str) -> Iterator[Link]:
    for value in values:
        narrower = f"{within} {value.within}".strip()
        yield Link(called(value.key), value.count, url_for("search.page", q=text, within=narrower))
