"""The rows of the catalogue: what a form, its boxes and its rules may say, each checked by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import pydantic
from pydantic_core import PydanticCustomError

from forms.catalogue.coming_back import ComesBack
from records.facts import FactKind

Mode = Literal["book", "sheet", "agreement", "notice", "card", "report", "roster", "external"]
CellKind = Literal[
    "text", "long", "name", "unit", "phone", "id_number", "number",
    "money", "date", "datetime", "period", "choice", "check",
]  # fmt: skip
FieldKind = Literal[CellKind, "table"]
Period = Literal["monthly", "quarterly", "yearly", "per_survey", "on_demand", "per_disposal"]

Key = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Code = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{2}-\d{2}$")]
Clause = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{2} \d+(\.\d+)*[a-z]?$")]
Words = Annotated[str, pydantic.StringConstraints(min_length=1)]


class Row(pydantic.BaseModel):
    """A row of data that nobody changes and that holds nothing unknown."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


def _wrong(zh: str, en: str) -> PydanticCustomError:
    """An error that tells in both languages what is wrong with a row as a whole."""
    return PydanticCustomError("not_whole", "{en}", {"zh": zh, "en": en})


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
            raise _wrong(
                "只有表格(kind: table)才有 rows 和 columns,而且两者都要有",
                "a table, and only a table, has rows and columns",
            )
        if self.kind in ("choice", "check") and not self.options:
            raise _wrong(f"{self.kind} 须列出 options", f"a {self.kind} needs options")
        if len(self.preset) > self.rows or any(len(row) > len(self.columns) for row in self.preset):
            raise _wrong("preset 比表格的行或列多", "preset does not fit into the table")
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
    should always be. ``own``: the office's own, from its data folder, with clauses only where it names some.
    ``required`` says that a dossier without it is incomplete; ``unit`` that it belongs to one unit.
    """

    code: Code
    procedure: str
    own: bool = False
    aliases: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
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

    @property
    def copy_labels(self) -> tuple[str, ...]:
        """The labels of its copies 联; a single one without a label where it has none."""
        return self.copies or ("",)

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
            raise _wrong("按年计的期限须写明起算的事实", "a period in years needs the fact that starts it")
        if (self.period == "long_term") != (self.review_years is not None):
            raise _wrong(
                "review_years 只用于 long_term,而且必须有", "review_years belongs to long_term, and long_term needs it"
            )
        return self
