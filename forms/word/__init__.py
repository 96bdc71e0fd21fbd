"""Agreements and notices as Word documents: templates, their checking, and how they are filled and set."""

from __future__ import annotations

from forms.word.filling import (
    OFFICE_KEYS,
    Draft,
    about_form,
    draft_word,
    fill_word,
    shown_values,
    template_language,
)

__all__ = [
    "OFFICE_KEYS",
    "Draft",
    "about_form",
    "draft_word",
    "fill_word",
    "shown_values",
    "template_language",
]
