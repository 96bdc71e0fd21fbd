"""The catalogue 表单目录: every form and archive of the handbook and of the office, as unchangeable records."""

from __future__ import annotations

from forms.catalogue.files import CatalogueBroken
from forms.catalogue.loading import Catalogue, UnknownForm, load_catalogue
from forms.catalogue.rows import Column, Field, Form, Named, Procedure, RetentionRule, Section, Signature, Years

__all__ = [
    "Catalogue",
    "CatalogueBroken",
    "Column",
    "Field",
    "Form",
    "Named",
    "Procedure",
    "RetentionRule",
    "Section",
    "Signature",
    "UnknownForm",
    "Years",
    "load_catalogue",
]
