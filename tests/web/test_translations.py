"""Every word on the pages has its English, and no English stands without a page that says it."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import web
from records.audit import Verb
from web.wording.language import TRANSLATIONS
from web.wording.typesetting import typeset
from web.wording.words import LISTS

ROOT = Path(web.__file__).parent
WHERE = [("views/**.py", "python"), ("acts/**.py", "python"), ("*.py", "python"), ("pages/**.html", "jinja2")]
WHERE += [(f"{room}/**.py", "python") for room in ("background", "links", "wording", "work")]


def said() -> set[str]:
    """The Chinese message ids of all pages, views and words."""
    found = extract_from_dir(ROOT, method_map=WHERE, keywords={"_": None, "_l": None})
    return {str(message) for _file, _line, message, _comments, _context in found}


def english() -> dict[str, str]:
    """The English by Chinese message id."""
    with (TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(row.id): str(row.string) for row in read_po(file) if row.id}


def test_every_message_has_its_english() -> None:
    assert said() - {key for key, text in english().items() if text} == set()


def test_no_english_is_left_over() -> None:
    assert set(english()) - said() == set()


def test_placeholders_are_the_same_in_both() -> None:
    for chinese, text in english().items():
        assert sorted(re.findall(r"\{\w+\}", chinese)) == sorted(re.findall(r"\{\w+\}", text)), chinese


def test_every_act_in_the_log_has_its_words() -> None:
    assert {str(verb) for verb in Verb} - {str(key) for key in LISTS["verb"]} == set()
    assert {str(verb).split(":")[0] for verb in Verb} - set(LISTS["part"]) == set()


def test_chinese_is_set_with_its_own_punctuation() -> None:
    assert [message for message in said() if typeset(message) != message] == []
