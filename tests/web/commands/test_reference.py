"""The docs fail when forgotten: everything that the program knows by name is found in docs/."""

from __future__ import annotations

import re

import pytest

from records.audit import Verb
from records.settings import TABLE
from retention.schedule import load_schedule
from web.commands import reference


@pytest.mark.parametrize("name", list(reference.PAGES))
def test_the_written_page_is_what_the_program_says_now(name: str) -> None:
    written = (reference.DOCS / name).read_text(encoding="utf-8")
    assert written == reference.PAGES[name](), "run: make docs"


def test_every_setting_rule_verb_and_error_code_is_in_the_docs() -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in reference.DOCS.glob("*.md"))
    names = [
        *(setting.name for setting in TABLE),
        *load_schedule().rules,
        *(verb.value for verb in Verb),
        *(error.code for error in reference.errors()),
    ]
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", told)] == []


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in reference.errors()]
    assert sorted(set(codes)) == sorted(codes)


def test_every_error_has_both_sentences_filled_by_the_same_words() -> None:
    for error in reference.errors():
        assert re.search("[一-鿿]", error.zh), error.code
        assert not re.search("[一-鿿]", re.sub(r"\{.*?\}", "", error.en)), error.code
