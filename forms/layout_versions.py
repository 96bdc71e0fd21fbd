"""Keeps where the boxes of every printed layout lie, and watches that a changed layout takes a new version.

A page is read at the places it was printed with, whatever its form looks like by then: its number knows its layout.
The version in the foot is for people. So that two papers of the same version are alike, an office's own form whose
boxes moved is not printed until its file says a higher ``version``; the handbook's forms change with the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue.rows import Form
from forms.layout import Laid
from forms.tables import Layout
from records.errors import OfficeError


class VersionNotRaised(OfficeError):
    """An own form was laid out anew under a version that is on paper already."""

    code = "print.version_not_raised"
    zh = "《{form}》的版面与已印出的第 {version} 版不同。请在 {code_} 的文件中把 version 改为 {next} 再打印。"
    en = "{form_en} looks unlike version {version} on paper; set version: {next} in the file of {code_}."


def keep_layout(session: Session, form: Form, laid: Laid) -> str:
    """Keep where the boxes lie, once per layout; returns its digest.

    The log's lock, held since the numbers were taken, orders writers. Raises VersionNotRaised.
    """
    if session.get(Layout, laid.digest) is None:
        if form.own:
            _refuse_same_version(session, form, laid)
        paper = [laid.paper.width, laid.paper.height]
        session.add(
            Layout(digest=laid.digest, form_code=laid.form_code, version=laid.version, paper=paper, boxes=laid.boxes)
        )
        session.flush()
    return laid.digest


def _refuse_same_version(session: Session, form: Form, laid: Laid) -> None:
    kept = session.scalars(select(Layout).where(Layout.form_code == form.code)).all()
    same = [row for row in kept if row.version == laid.version]
    if any(_first_page(row.boxes) != _first_page(laid.boxes) for row in same):
        newest = max(row.version for row in kept)
        raise VersionNotRaised(form=form.zh, form_en=form.en, version=laid.version, code_=form.code, next=newest + 1)


def _first_page(boxes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The boxes of page 1, which lie alike however a form is filled; further pages depend on what was entered."""
    return [box for box in boxes if box["page"] == 1]
