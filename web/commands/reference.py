"""Writes docs/commands.md and docs/reference.md from the program itself: ``python -m web.commands.reference``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from records.audit import Verb
from records.errors import OfficeError
from records.settings import TABLE
from retention.schedule import Rule, load_schedule
from web.command_line import yedang

DOCS = Path(__file__).parents[2] / "docs"
FLOORS = ("records", "forms", "retention", "search", "templates", "web")
_COMMANDS_HEAD = """# Commands 命令

Written by `make docs` from the commands' own help. Every command takes `--json` (one JSON document on stdout) and
`--actor NAME` (on whose behalf; otherwise `YEDANG_ACTOR`), and ends with 0, with 1 after one sentence on stderr, or
with 2 for bad usage.

每个命令都可加 `--json`(在标准输出给出一份 JSON)和 `--actor 姓名`(办理人,默认取 `YEDANG_ACTOR`)。
成功返回 0;办不成返回 1,并在标准错误中说明原因;用法有误返回 2。
"""
_REFERENCE_HEAD = """# Reference 对照表

Written by `make docs`: settings, retention rules, log verbs and error codes as the program knows them.
"""


def commands_page() -> str:
    """All commands, in the order of the day's work."""
    return "\n".join([_COMMANDS_HEAD, *_described(yedang, "yedang")])


def _described(group: click.Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        title = f"{path} {name}"
        if isinstance(command, click.Group):
            yield f"## {title}\n\n{_help(command)}\n"
            yield from _described(command, title)
        elif not command.hidden:
            mark = "##" if path == "yedang" else "###"
            yield f"{mark} {title}\n\n    {_usage(command, title)}\n\n{_help(command)}\n"
            yield from _options(command)


def _help(command: click.Command) -> str:
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(" ".join(line.strip() for line in one.splitlines()) for one in paragraphs).strip()


def _usage(command: click.Command, path: str) -> str:
    with click.Context(command, info_name=path) as context:
        return " ".join([path, *command.collect_usage_pieces(context)])


def _options(command: click.Command) -> Iterator[str]:
    shared = {"actor", "as_json"}
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    own = [one for one in options if one.name not in shared]
    yield from (f"- `{_option(one)}` {one.help or ''}{_default(one)}" for one in own)
    if own:
        yield ""


def _option(option: click.Option) -> str:
    words = ", ".join(option.opts)
    if option.is_flag:
        return words
    choices = getattr(option.type, "choices", None)
    return f"{words} {'|'.join(choices) if choices else option.type.name.upper()}"


def _default(option: click.Option) -> str:
    return f"({option.default})" if option.show_default else ""


def reference_page() -> str:
    """Settings, retention rules, log verbs, error codes."""
    rules = load_schedule().rules.values()
    parts = [
        _REFERENCE_HEAD,
        _table("Settings 设置", ("Name", "Default", "What it is for"), ((s.name, s.default, s.help) for s in TABLE)),
        _table("Retention rules 保管期限", ("Key", "Rule", "Clause", "Period", "Counts from"), map(_rule, rules)),
        _table("Log verbs 日志事项", ("Verb", "Name"), ((verb.value, verb.name) for verb in Verb)),
        _table("Errors 错误代码", ("Code", "中文", "English"), ((e.code, e.zh, e.en) for e in errors())),
    ]
    return "\n".join(parts)


def _rule(rule: Rule) -> tuple[str, ...]:
    period = f"{rule.years} 年 years" if rule.years else str(rule.period)
    return rule.key, f"{rule.zh} / {rule.en}", rule.clause or "—", period, str(rule.starts or "—")


def errors() -> list[type[OfficeError]]:
    """The office's whole family of errors, without those that a test made."""
    return [error for error in OfficeError.family() if error.__module__.split(".")[0] in FLOORS]


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"## {title}", "", _line(heads), _line("---" for _ in heads), *map(_line, rows), ""]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    shown = (re.sub(r"\s+", " ", cell).replace("|", "\\|") or "—" for cell in cells)
    return f"| {' | '.join(shown)} |"


PAGES = {"commands.md": commands_page, "reference.md": reference_page}


def main() -> None:
    """Write both pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
