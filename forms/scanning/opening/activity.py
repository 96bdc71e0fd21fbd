"""Finds what a PDF would do when it is opened, and what it carries along: scripts, programs to start, attachments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf


@dataclass(frozen=True)
class Activity:
    """What was found, in words for the clerk."""

    zh: str
    en: str


SCRIPT = Activity("脚本", "a script")
LAUNCH = Activity("会启动程序或向外发送的动作", "an action that starts a program or sends something away")
ATTACHMENT = Activity("附件", "an attached file")

_ACTIONS = {
    "/JavaScript": SCRIPT,
    "/Rendition": SCRIPT,
    "/Launch": LAUNCH,
    "/ImportData": LAUNCH,
    "/SubmitForm": LAUNCH,
    "/GoToE": ATTACHMENT,
}
_ANNOTATIONS = {"/FileAttachment": ATTACHMENT, "/RichMedia": ATTACHMENT, "/Screen": SCRIPT}
# An action may name the one that follows it; nobody needs more than a few.
_FURTHEST = 10


def activity(pdf: pikepdf.Pdf) -> Activity | None:
    """The first thing that a scan would not have; None for a file that only shows its pages.

    What contradicts itself is passed over: it is not understood by whoever would carry it out either.
    """
    for find in (_of_names, _of_actions):
        try:
            found = next(find(pdf), None)
        except (pikepdf.PdfError, AttributeError, KeyError, TypeError, ValueError, RuntimeError):
            continue
        if found is not None:
            return found
    return None


def _of_names(pdf: pikepdf.Pdf) -> Iterator[Activity]:
    names = _dictionary(pdf.Root.get("/Names"))
    if "/JavaScript" in names:
        yield SCRIPT
    if "/EmbeddedFiles" in names or "/AF" in pdf.Root:
        yield ATTACHMENT


def _of_actions(pdf: pikepdf.Pdf) -> Iterator[Activity]:
    yield from _in_action(pdf.Root.get("/OpenAction"))
    yield from _in_events(pdf.Root.get("/AA"))
    for page in pdf.pages:
        yield from _in_events(page.obj.get("/AA"))
        annotations = page.obj.get("/Annots")
        for annotation in annotations if isinstance(annotations, pikepdf.Array) else ():
            one = _dictionary(annotation)
            if (kind := _ANNOTATIONS.get(str(one.get("/Subtype")))) is not None:
                yield kind
            yield from _in_action(one.get("/A"))
            yield from _in_events(one.get("/AA"))


def _in_events(events: Any) -> Iterator[Activity]:
    for action in _dictionary(events).values():
        yield from _in_action(action)


def _in_action(action: Any, depth: int = 0) -> Iterator[Activity]:
    one = _dictionary(action)
    if (kind := _ACTIONS.get(str(one.get("/S")))) is not None:
        yield kind
    if "/Next" in one and depth < _FURTHEST:
        following = one["/Next"]
        for further in following if isinstance(following, pikepdf.Array) else (following,):
            yield from _in_action(further, depth + 1)


def _dictionary(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, pikepdf.Dictionary) else {}
