"""What the catalogue says of a copy 联 that must come back to the office: which one, and how soon."""

from __future__ import annotations

import pydantic


class Within(pydantic.BaseModel):
    """How soon: whole local days after the day of printing; 0 is the same day."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    days: int = pydantic.Field(ge=0)


class ComesBack(pydantic.BaseModel):
    """Which copy must come back (``copy: 2``), and how soon; without ``within`` no date is set for it."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    part: int = pydantic.Field(default=1, ge=1, alias="copy")
    within: Within | None = None
