"""A violation graded anew follows the other rule from then on, and only a person who may grade it does so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from records.database import Database
from records.errors import BadInput, NotAllowed
from records.facts import FactKind
from retention import disposition, grading
from retention.grading import NoSuchChoice
from retention.schedule import load_schedule

CHOICES = ("VIOL_MINOR", "VIOL_MAJOR")


def test_a_graver_grade_keeps_it_five_years_and_a_lighter_one_lets_it_go(database: Database, office: Any) -> None:
    actors = office.actors
    with database.transaction() as session:
        document = office.document(session, "WZ-01-1", "VIOL_MINOR", form_code="WZ-01", series="WZ")
        office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2020, 2, 29))
        assert len(disposition.due(session, load_schedule(), date(2021, 2, 28))) == 1
        with pytest.raises(NotAllowed):
            grading.choose(session, actors.archivist, document, "VIOL_MAJOR", CHOICES, "改为重大")
        for wrong, reason in (("KEYS", "改"), ("VIOL_MINOR", "没有变"), ("VIOL_MAJOR", " ")):
            with pytest.raises((NoSuchChoice, BadInput)):
                grading.choose(session, actors.supervisor, document, wrong, CHOICES, reason)
        grading.choose(session, actors.supervisor, document, "VIOL_MAJOR", CHOICES, "复核为重大违章")
        assert disposition.due(session, load_schedule(), date(2025, 2, 27)) == []
        assert [one.rule for one in disposition.due(session, load_schedule(), date(2025, 2, 28))] == ["VIOL_MAJOR"]
        grading.choose(session, actors.manager, document, "VIOL_MINOR", CHOICES, "申诉成立")
        assert len(disposition.due(session, load_schedule(), date(2021, 2, 28))) == 1
        chosen = grading.choices_of(session, document.id)
        assert [(one.before, one.after) for one in chosen] == [CHOICES, CHOICES[::-1]]
