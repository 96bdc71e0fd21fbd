"""One table of settings: name, default, help. Nothing else reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from records.errors import OfficeError


@dataclass(frozen=True)
class Setting:
    """A row of the table: the environment variable, what it is when unset, and what it is for."""

    name: str
    default: str
    help: str


TABLE = (
    Setting("YEDANG_HOME", "~/.local/share/yedang", "The data folder: database, vault, keys."),
    Setting("YEDANG_DATABASE_URL", "", "A SQLAlchemy URL; empty means SQLite in the data folder."),
    Setting("YEDANG_ACTOR", "", "The user on whose behalf a command acts."),
    Setting("YEDANG_MASTER_KEY", "", "The file of the master key; empty means keys/master.key in the data folder."),
    Setting("YEDANG_OFFICE", "东光物业客服中心", "The office's name, printed on forms."),
    Setting("YEDANG_SECRECY", "机密", "The secrecy label of owner dossiers."),
    Setting("YEDANG_INBOX_USER", "", "On whose behalf the worker files what lies in inbox; empty: not watched."),
    Setting("YEDANG_SECOND_FACTOR", "", "Roles that must use an authenticator: manager,archivist; empty: none."),
    Setting("YEDANG_HTTPS", "", "Set to proxy where a proxy on this machine serves the pages by https."),
    Setting("YEDANG_NIGHT_HOURS", "1-5", "The local hours in which the worker destroys what was approved: 1-5."),
    Setting("YEDANG_NIGHT_LIMIT", "1000", "So many documents are destroyed in one night at most; 0: no limit."),
    Setting("YEDANG_SIGNED_FIRST", "", "Set to yes: nothing is destroyed before its signed list has been scanned."),
    Setting("YEDANG_BACKUP", "", "A folder into which the worker backs up at night and after destroying; empty: none."),
    Setting("YEDANG_LANGUAGE", "zh", "The language of commands: zh or en."),
)


class BadSetting(OfficeError):
    """A setting that cannot be understood."""

    code = "office.bad_setting"
    zh = "设置 {name} 的值「{value}」无法理解:{hint}。"
    en = "{value} is no value of {name}: {hint}."


@dataclass(frozen=True)
class Settings:
    """The settings in force, read once by the outermost caller."""

    home: Path
    database_url: str
    actor: str
    master_key: Path
    office: str
    secrecy: str
    language: str
    inbox_user: str
    second_factor: frozenset[str] = frozenset()
    https: bool = False
    #: The first hour of the night and the one before which it ends (22, 4 goes over midnight).
    night: tuple[int, int] = (1, 5)
    night_limit: int = 1000
    signed_first: bool = False
    backup: Path | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the table from the environment (or from the mapping given)."""
        source = os.environ if environment is None else environment
        value = {row.name: source.get(row.name) or row.default for row in TABLE}
        home = Path(value["YEDANG_HOME"]).expanduser()
        database_url = value["YEDANG_DATABASE_URL"] or f"sqlite+pysqlite:///{home / 'yedang.sqlite'}"
        master_key = Path(value["YEDANG_MASTER_KEY"]).expanduser() if value["YEDANG_MASTER_KEY"] else None
        return cls(
            home=home,
            database_url=database_url,
            actor=value["YEDANG_ACTOR"],
            master_key=master_key or home / "keys" / "master.key",
            office=value["YEDANG_OFFICE"],
            secrecy=value["YEDANG_SECRECY"],
            language=value["YEDANG_LANGUAGE"],
            inbox_user=value["YEDANG_INBOX_USER"].strip(),
            second_factor=frozenset(value["YEDANG_SECOND_FACTOR"].replace(",", " ").split()),
            https=bool(value["YEDANG_HTTPS"].strip()),
            night=_night(value["YEDANG_NIGHT_HOURS"]),
            night_limit=_count("YEDANG_NIGHT_LIMIT", value["YEDANG_NIGHT_LIMIT"]),
            signed_first=value["YEDANG_SIGNED_FIRST"].strip().lower() in {"yes", "true", "1"},
            backup=Path(value["YEDANG_BACKUP"]).expanduser() if value["YEDANG_BACKUP"] else None,
        )


def _night(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text.strip())
    start, end = (int(found[1]), int(found[2])) if found else (24, 24)
    if start > 23 or end > 24 or start == end:
        raise BadSetting(name="YEDANG_NIGHT_HOURS", value=text, hint="1-5, 22-4")
    return start, end % 24


def _count(name: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise BadSetting(name=name, value=text, hint="0, 1, 2, …")
    return int(text)
