"""Chinese first, English by a switch: message ids are Chinese, the English stands in one .po file read as it is."""

from __future__ import annotations

import json
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Protocol

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, session
from flask_babel import Babel, Domain, get_locale

from records import clock, identifiers
from web.wording.typesetting import typeset

TRANSLATIONS = Path(__file__).parents[1] / "translations"
LANGUAGES = ("zh", "en")
DIGEST_LENGTH = 64


class Named(Protocol):
    """Anything of the catalogue that has a Chinese and an English name."""

    @property
    def zh(self) -> str:
        """The Chinese name."""

    @property
    def en(self) -> str:
        """The English name."""


class OpenDomain(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    """Messages read from the .po file at start-up, so that nothing compiled needs to be kept or made."""

    def __init__(self) -> None:
        super().__init__()
        self._english = load(TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po")

    def get_translations(self) -> NullTranslations:
        """English has a catalogue; Chinese message ids speak for themselves."""
        return self._english if language() == "en" else NullTranslations()


def load(path: Path) -> Translations:
    """The translations of a .po file, compiled in memory."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="en")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def prepare(app: Flask, default: str) -> None:
    """Set up translation; ``default`` is the language of a visitor who has not chosen yet."""
    app.config["YEDANG_LANGUAGE"] = default if default in LANGUAGES else "zh"
    babel = Babel(app, default_locale="zh", default_timezone="Asia/Shanghai", locale_selector=_chosen)
    babel.domain_instance = OpenDomain()
    app.jinja_env.filters.update(
        named=named, day=day, moment=moment, spoken=spoken, log_time=log_time, log_details=log_details
    )
    app.jinja_env.globals.update(language=language, told=told)


def _chosen() -> str:
    picked = session.get("language")
    return str(picked if picked in LANGUAGES else current_app.config["YEDANG_LANGUAGE"])


def language() -> str:
    """The visitor's language, ``zh`` or ``en``: chosen by the switch, otherwise the office's."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def told(chinese: str, english: str) -> str:
    """A sentence of another floor in the visitor's language, its Chinese punctuation set as in print."""
    return english if language() == "en" else typeset(chinese)


def named(thing: Named) -> str:
    """The name of a form, field, section, procedure or rule in the visitor's language."""
    return thing.en if language() == "en" else thing.zh


def day(value: date | None) -> str:
    """A local date as ``2026-03-31``; a dash for none."""
    return value.isoformat() if value else "—"


def moment(value: datetime | None) -> str:
    """An instant in the office's time, to the minute; a dash for none."""
    return clock.local_time(value) if value else "—"


def log_time(text: str) -> str:
    """The time of a log entry, to the second, in the office's time."""
    return datetime.fromisoformat(text).astimezone(clock.OFFICE_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def log_details(text: str) -> str:
    """A log entry's details as ``key value · key value``; digests are shown by their first twelve digits."""
    found: dict[str, object] = json.loads(text)
    return " · ".join(f"{key} {_shortened(value)}" for key, value in found.items() if value not in (None, ""))


def _shortened(value: object) -> str:
    text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{text[:12]}…" if len(text) == DIGEST_LENGTH and text.isalnum() else text


def spoken(unit_code: str) -> str:
    """A unit as people say it in Chinese; its code in English."""
    return unit_code if language() == "en" or not identifiers.is_valid(unit_code) else identifiers.format(unit_code)
