"""The catalogue 表单目录: every form and archive of the handbook as checked, unchangeable rows."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import pydantic
import yaml

import templates
from forms.coming_back import ComesBack
from forms.strict_yaml import StrictLoader
from records.errors import OfficeError
from records.facts import FactKind

Mode = Literal["book", "sheet", "agreement", "notice", "card", "report", "roster", "external"]
CellKind = Literal[
    "text", "long", "name", "unit", "phone", "id_number", "number",
    "money", "date", "datetime", "period", "choice", "check",
]  # fmt: skip
FieldKind = CellKind | Literal["table"]
Period = Literal["monthly", "quarterly", "yearly", "per_survey", "on_demand", "per_disposal"]

# What a report may be drawn from besides other forms: the records the system itself keeps.
RECORD_SOURCES = frozenset({"dossiers", "documents", "disposals"})

Key = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Code = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{2}-\d{2}$")]
Clause = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{2} \d+(\.\d+)*[a-z]?$")]
Words = Annotated[str, pydantic.StringConstraints(min_length=1)]


class UnknownForm(OfficeError):
    """No form of the catalogue goes by this code, name or alias."""

    code = "form.unknown"
    zh = "表单目录中没有「{name}」;相近的:{near}。"
    en = "No form is called “{name}”; the nearest: {near}."


class CatalogueBroken(OfficeError):
    """The catalogue's data files contradict themselves; the sentence names the file or form and why."""

    code = "catalogue.broken"
    zh = "表单目录数据有误:{where}:{why}。"
    en = "The catalogue's data are wrong: {where}: {why}."


Model = TypeVar("Model", bound="Row")


class Row(pydantic.BaseModel):
    """A row of data that nobody changes and that holds nothing unknown."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Named(Row):
    """Something with a Chinese name first and an English one beside it."""

    zh: Words
    en: Words


class Requirement(Named):
    """A sentence of the handbook that the system watches, with its clause."""

    clause: Clause


class Deadline(Requirement):
    """A time limit 时限 of a form."""


class Section(Named):
    """A section of the owner dossier (DA 4.1)."""

    key: Key


class Column(Named):
    """A column of a table; ``weight`` is its width relative to its neighbours'."""

    key: Key
    kind: CellKind
    weight: float = pydantic.Field(gt=0)
    options: tuple[str, ...] = ()


class Field(Named):
    """A labelled box. ``width`` of the text area; ``lines`` of 8 mm for long text.

    A ``choice`` takes one of its options, a ``check`` any of them. A ``table`` has ``rows`` lines under its columns;
    ``preset`` is printed into its first rows from the left (the items to inspect, the fees with their rates).
    """

    key: Key
    kind: FieldKind
    width: Literal["full", "half", "third"] = "full"
    lines: int = pydantic.Field(default=1, ge=1)
    options: tuple[str, ...] = ()
    rows: int = pydantic.Field(default=0, ge=0)
    columns: tuple[Column, ...] = ()
    preset: tuple[tuple[str, ...], ...] = ()

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> Field:
        if {bool(self.rows), bool(self.columns)} != {self.kind == "table"}:
            raise ValueError(f"{self.key}: a table, and only a table, has rows and columns")
        if self.kind in ("choice", "check") and not self.options:
            raise ValueError(f"{self.key}: a {self.kind} needs options")
        if len(self.preset) > self.rows or any(len(row) > len(self.columns) for row in self.preset):
            raise ValueError(f"{self.key}: preset does not fit into the table")
        return self

    def preset_rows(self) -> list[dict[str, str]]:
        """The preset rows as values, one dict by column key per row, e.g. ``[{"item": "墙面、顶棚"}, …]``."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=False)) for row in self.preset]


class Signature(Named):
    """A place to sign or stamp; ``column`` names the register column that is signed line by line."""

    key: Key
    kind: Literal["signature", "stamp"]
    column: Key | None = None


class RetentionChoice(Row):
    """Which rule applies by what was entered in a field (WZ 4.6: minor and major violations)."""

    field: Key
    rules: dict[str, str]


class Form(Named):
    """A form 表单: a row of the catalogue. Keys as in the files of ``templates/procedures``.

    ``copies`` are the labels of its parts 联 (none: one copy). ``rows`` is how many register lines a page holds.
    ``paper``: a small ``card`` is cut from a sheet of four. ``minimum``: of a book form, how many unused pages there
    should always be.
    ``required`` says that a dossier without it is incomplete; ``unit`` that it belongs to one unit.
    """

    code: Code
    procedure: str
    aliases: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = pydantic.Field(min_length=1)
    mode: Mode
    version: int = pydantic.Field(ge=1)
    orientation: Literal["portrait", "landscape"] = "portrait"
    paper: Literal["a4", "card"] = "a4"
    copies: tuple[str, ...] = ()
    unit: bool = False
    section: str | None = None
    required: bool = False
    retention: tuple[str, ...] = pydantic.Field(min_length=1)
    retention_by: RetentionChoice | None = None
    period: Period | None = None
    sources: tuple[str, ...] = ()
    page_code: bool = False
    no_tear: bool = False
    no_alter: bool = False
    photo: bool = False
    remark: str | None = None
    deadlines: tuple[Deadline, ...] = ()
    accountable: Requirement | None = None
    comes_back: ComesBack | None = None
    minimum: int = pydantic.Field(default=10, ge=0)
    check: Requirement | None = None
    note: Named | None = None
    rows: int | None = pydantic.Field(default=None, ge=1)
    fields: tuple[Field, ...] = ()
    columns: tuple[Column, ...] = ()
    signatures: tuple[Signature, ...] = ()

    @property
    def is_word(self) -> bool:
        """Whether it goes out as a Word document (agreements and notices), filled from templates/words."""
        return self.mode in ("agreement", "notice")

    def field(self, key: str) -> Field | None:
        """The labelled box of that key, or None."""
        return next((field for field in self.fields if field.key == key), None)

    def rules_for(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """Keys of the retention rules for a page with these values; all of the form's where the choice is open.

        All of them is the safe answer: of two rules on one document the longer wins.
        """
        if self.retention_by is None:
            return self.retention
        chosen = self.retention_by.rules.get(str(values.get(self.retention_by.field, "")))
        return (chosen,) if chosen else self.retention


class Procedure(Named):
    """A chapter of the handbook, e.g. HF 回访管理, with its forms; also a series 档案类别 of the archive."""

    key: str
    forms: tuple[Form, ...]


class Years(Row):
    """A period in calendar years."""

    years: int = pydantic.Field(ge=1)


class RetentionRule(Named):
    """How long something is kept, and which dated fact starts the clock.

    ``undecided`` is never due; ``long_term`` comes up for review every ``review_years`` and is never destroyed by date.
    """

    key: str
    clause: Clause | None
    period: Years | Literal["permanent", "long_term", "undecided"]
    review_years: int | None = None
    starts: FactKind | None
    count_from: Literal["event", "next_year"]
    transfer_by: str | None

    @pydantic.model_validator(mode="after")
    def _is_whole(self) -> RetentionRule:
        if isinstance(self.period, Years) and self.starts is None:
            raise ValueError("a period in years needs the fact that starts it")
        if (self.period == "long_term") != (self.review_years is not None):
            raise ValueError("review_years belongs to long_term, and long_term needs it")
        return self


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
            for problem in _problems(self, form):
                raise CatalogueBroken(where=form.code, why=problem)
        self._by_name = _index(self.forms)

    def form(self, name: str) -> Form:
        """The form of a code, Chinese name, alias or English name, however written: ``hf01``, 《回访记录表》.

        Raises UnknownForm, which names what comes nearest.
        """
        found = self._by_name.get(_spelling(name))
        if found is None:
            raise UnknownForm(name=name, near="、".join(self._nearest(_spelling(name))) or "—")
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

    def required_forms(self) -> list[Form]:
        """The forms without which an owner dossier is incomplete, in the order of the dossier's sections."""
        order = {section.key: place for place, section in enumerate(self.sections)}
        return sorted((form for form in self.forms if form.required), key=lambda form: order[form.section or ""])

    def section(self, key: str) -> Section:
        """The dossier section of a key. Raises KeyError."""
        return next(section for section in self.sections if section.key == key)


def load_catalogue() -> Catalogue:
    """Read and check the catalogue; the caller keeps it, reading takes a moment. Raises CatalogueBroken."""
    order = _read("procedures.yaml")
    if unlisted := {f"{key}.yaml" for key in order} ^ set(templates.names("procedures")):
        raise CatalogueBroken(where="procedures.yaml", why=f"list and files differ: {', '.join(sorted(unlisted))}")
    procedures = [_procedure(f"procedures/{key}.yaml") for key in order]
    sections = [_row(Section, "dossier_sections.yaml", data) for data in _read("dossier_sections.yaml")]
    rules = [_row(RetentionRule, "retention_rules.yaml", data) for data in _read("retention_rules.yaml")]
    return Catalogue(procedures, sections, rules)


def _procedure(file: str) -> Procedure:
    data = _read(file)
    key = data.pop("procedure")
    forms = [_row(Form, f"{file} {form.get('code')}", {**form, "procedure": key}) for form in data.pop("forms")]
    return _row(Procedure, file, {**data, "key": key, "forms": forms})


def _row(model: type[Model], where: str, data: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise CatalogueBroken(where=where, why=f"{place} {first['msg']}".strip()) from error


def _read(file: str) -> Any:
    loader = StrictLoader(templates.read_text(file))
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise CatalogueBroken(where=file, why=str(error)) from error
    finally:
        loader.dispose()


def _problems(catalogue: Catalogue, form: Form) -> Iterator[str]:
    """What is wrong with one form, in itself and against the rest."""
    keys = {section.key for section in catalogue.sections}
    codes = {other.code for other in catalogue.forms}
    chapters = {procedure.key for procedure in catalogue.procedures}
    choices = set(form.retention_by.rules.values()) if form.retention_by else set()
    yield from (f"no retention rule {key}" for key in {*form.retention, *choices} - set(catalogue.rules))
    yield from (f"no source {source}" for source in set(form.sources) - codes - RECORD_SOURCES)
    yield from (f"no procedure for clause {clause}" for clause in _clauses(form) if clause[:2] not in chapters)
    if form.procedure != form.code[:2]:
        yield f"stands under procedure {form.procedure}"
    if form.section is not None and form.section not in keys:
        yield f"no dossier section {form.section}"
    if form.required and not (form.unit and form.section):
        yield "required in the dossier, but of no unit or section"
    if form.comes_back and form.comes_back.part > max(1, len(form.copies)):
        yield f"copy {form.comes_back.part} comes back, and there is none"
    yield from _layout_problems(form)


def _layout_problems(form: Form) -> Iterator[str]:
    columns = {column.key for column in form.columns}
    lists = {
        "field or column": [field.key for field in form.fields] + [column.key for column in form.columns],
        "signature": [signature.key for signature in form.signatures],
        "copy": list(form.copies),
    }
    for what, written in lists.items():
        if repeated := _repeated(written):
            yield f"{what} {repeated} stands twice"
    for field in form.fields:
        if repeated := _repeated(column.key for column in field.columns):
            yield f"column {field.key}.{repeated} stands twice"
    if bool(form.columns) != bool(form.rows):
        yield "columns need rows, and rows need columns"
    if (form.mode in ("report", "roster")) != bool(form.period):
        yield "reports and rosters, and only they, have a period"
    if form.retention_by and not form.field(form.retention_by.field):
        yield f"no field {form.retention_by.field} to choose the retention rule by"
    for signature in form.signatures:
        if signature.column is not None and signature.column not in columns:
            yield f"signature {signature.key} signs no column {signature.column}"


def _clauses(form: Form) -> list[str]:
    return [*form.clauses, *(one.clause for one in (*form.deadlines, form.accountable, form.check) if one)]


def _index(forms: Iterable[Form]) -> dict[str, Form]:
    index: dict[str, Form] = {}
    for form in forms:
        for name in Catalogue.names(form):
            other = index.setdefault(_spelling(name), form)
            if other is not form:
                raise CatalogueBroken(where=form.code, why=f"is called {name}, and so is {other.code}")
    return index


def _spelling(name: str) -> str:
    """A name without the ways of writing it: width, case, hyphens, brackets, book-title marks, spaces."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def _repeated(keys: Iterable[str]) -> str | None:
    return next((key for key, times in Counter(keys).items() if times > 1), None)


def _refuse_repeats(where: str, keys: Iterable[str]) -> None:
    if repeated := _repeated(keys):
        raise CatalogueBroken(where=where, why=f"{repeated} stands twice")
