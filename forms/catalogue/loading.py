"""The catalogue 表单目录: every form and archive of the handbook, and the office's own, as unchangeable rows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import templates
from forms.catalogue import own_forms
from forms.catalogue.checks import Known, problems, spelling
from forms.catalogue.files import CatalogueBroken, read_yaml, repeated, row
from forms.catalogue.rows import (
    Form,
    Procedure,
    RetentionRule,
    Section,
)
from records.errors import OfficeError


class UnknownForm(OfficeError):
    """No form of the catalogue goes by this code, name or alias."""

    code = "form.unknown"
    zh = "表单目录中没有「{name}」;相近的:{near}。"
    en = "No form is called “{name}”; the nearest: {near}."


class Catalogue:
    """All procedures, forms, sections and rules, checked against each other when made.

    Raises CatalogueBroken naming the form and the contradiction.
    """

    def __init__(
        self, procedures: Sequence[Procedure], sections: Sequence[Section], rules: Sequence[RetentionRule]
    ) -> None:
        self.procedures = tuple(procedures)
        self.sections = tuple(sections)
        self.rules: Mapping[str, RetentionRule] = MappingProxyType({rule.key: rule for rule in rules})
        self.forms = tuple(form for procedure in procedures for form in procedure.forms)
        _refuse_repeats("retention_rules", (rule.key for rule in rules))
        _refuse_repeats("dossier_sections", (section.key for section in sections))
        _refuse_repeats("forms", (form.code for form in self.forms))
        for form in self.forms:
            for problem in problems(self.known, form):
                raise CatalogueBroken.at(form.code, problem.zh, problem.en)
        self._by_name = _index(self.forms)

    @property
    def known(self) -> Known:
        """What a form may refer to."""
        return Known(
            {form.code for form in self.forms},
            {procedure.key for procedure in self.procedures},
            tuple(section.key for section in self.sections),
            tuple(self.rules),
        )

    def form(self, name: str) -> Form:
        """The form of a code, Chinese name, alias or English name, however written: ``hf01``, 《回访记录表》.

        Raises UnknownForm, which names what comes nearest.
        """
        found = self._by_name.get(spelling(name))
        if found is None:
            raise UnknownForm(name=name, near="、".join(self._nearest(spelling(name))) or "—")
        return found

    def _nearest(self, spelling: str) -> list[str]:
        """Code and name of up to three forms whose names hold this one or look like it."""
        holding = [known for known in self._by_name if spelling and spelling in known]
        near = holding or difflib.get_close_matches(spelling, self._by_name, n=3, cutoff=0.5)
        return list(dict.fromkeys(f"{self._by_name[known].code} {self._by_name[known].zh}" for known in near))[:3]

    @staticmethod
    def names(form: Form) -> tuple[str, ...]:
        """Every name under which the form is known: code, Chinese name, aliases, English name."""
        return (form.code, form.zh, *form.aliases, form.en)

    def all_names(self) -> dict[str, str]:
        """Which form goes by which name, as names are compared (catalogue_checks.spelling)."""
        return {name: form.code for name, form in self._by_name.items()}

    def required_forms(self) -> list[Form]:
        """The forms without which an owner dossier is incomplete, in the order of the dossier's sections."""
        order = {section.key: place for place, section in enumerate(self.sections)}
        return sorted((form for form in self.forms if form.required), key=lambda form: order[form.section or ""])

    def section(self, key: str) -> Section:
        """The dossier section of a key. Raises KeyError."""
        return next(section for section in self.sections if section.key == key)


def load_catalogue(own: Path | None = None) -> Catalogue:
    """Read and check the catalogue; the caller keeps it, reading takes a moment.

    ``own``: the folder of the office's own forms (forms.catalogue.own_forms); it need not be there.
    Raises CatalogueBroken, OwnFormsWrong.
    """
    order = read_yaml(templates.read_text("procedures.yaml"), "procedures.yaml")
    if unlisted := {f"{key}.yaml" for key in order} ^ set(templates.names("procedures")):
        names = ", ".join(sorted(unlisted))
        raise CatalogueBroken.at("procedures.yaml", f"目录与文件不一致:{names}", f"list and files differ: {names}")
    procedures = [_procedure(f"procedures/{key}.yaml") for key in order]
    sections = _rows(Section, "dossier_sections.yaml")
    rules = _rows(RetentionRule, "retention_rules.yaml")
    built_in = Catalogue(procedures, sections, rules)
    files = own_forms.files_in(own)
    if not files:
        return built_in
    return Catalogue([*procedures, *own_forms.read(files, built_in.known, built_in.all_names())], sections, rules)


Listed = TypeVar("Listed", Section, RetentionRule)


def _rows(model: type[Listed], file: str) -> list[Listed]:
    return [row(model, file, data) for data in read_yaml(templates.read_text(file), file)]


def _procedure(file: str) -> Procedure:
    data = read_yaml(templates.read_text(file), file)
    key = data.pop("procedure")
    forms = [row(Form, f"{file} {form.get('code')}", {**form, "procedure": key}) for form in data.pop("forms")]
    return row(Procedure, file, {**data, "key": key, "forms": forms})


def _index(forms: Iterable[Form]) -> dict[str, Form]:
    index: dict[str, Form] = {}
    for form in forms:
        for name in Catalogue.names(form):
            other = index.setdefault(spelling(name), form)
            if other is not form:
                raise CatalogueBroken.at(
                    form.code, f"名称「{name}」与 {other.code} 相同", f"is called {name}, and so is {other.code}"
                )
    return index


def _refuse_repeats(where: str, keys: Iterable[str]) -> None:
    if twice := repeated(keys):
        raise CatalogueBroken.at(where, f"{twice} 出现了两次", f"{twice} stands twice")
