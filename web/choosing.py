"""What a person means by what they type into a field: a form by any of its names or its sound, a section likewise."""

from __future__ import annotations

import unicodedata

from forms.catalogue import Catalogue, Form, UnknownForm
from records.errors import BadInput
from search.sounds import sounds_like


def plain(text: str) -> str:
    """A text as names are compared: without case, width, spaces and marks."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def goes_by(name: str, wanted: str) -> bool:
    """Whether a plain name holds what was typed, or sounds like it: ``yfb`` and ``yanfang`` find 业主验房表."""
    return wanted in name or (len(wanted) > 1 and wanted.isascii() and sounds_like(name, wanted))


def forms_called(catalogue: Catalogue, text: str) -> list[Form]:
    """The forms that go by a text, those first of which a name begins with it."""
    wanted = plain(text)
    found = [form for form in catalogue.forms if any(goes_by(plain(name), wanted) for name in catalogue.names(form))]
    return sorted(found, key=lambda form: not any(plain(name).startswith(wanted) for name in catalogue.names(form)))


def form_meant(catalogue: Catalogue, text: str) -> Form:
    """The one form that a text means: a name, code and name together, or a beginning that only one goes by.

    Raises UnknownForm.
    """
    try:
        return catalogue.form(text)
    except UnknownForm:
        called = forms_called(catalogue, text) if text.strip() else []
        code = text.partition(" ")[0]
        found = [form for form in catalogue.forms if form.code == code.upper()] or called
        if len(found) == 1:
            return found[0]
        raise


def sections_called(catalogue: Catalogue, text: str) -> list[tuple[int, str]]:
    """The dossier's sections, as (number from 1, key), by number, name or sound; all for an empty text."""
    wanted = plain(text)
    return [
        (number, section.key)
        for number, section in enumerate(catalogue.sections, start=1)
        if wanted == str(number) or any(goes_by(plain(name), wanted) for name in (section.key, section.zh, section.en))
    ]


def section_meant(catalogue: Catalogue, text: str) -> str | None:
    """The key of the section that a text means, None for an empty one. Raises BadInput."""
    clean = text.strip()
    if not clean:
        return None
    head = clean.partition(" ")[0]
    found = sections_called(catalogue, head) if head.isdecimal() else []
    found = found or sections_called(catalogue, clean)
    if len(found) != 1:
        raise BadInput(what=f"档案没有「{clean}」这一部分" if not found else f"「{clean}」不止一项,请写序号")
    return found[0][1]
