"""Icons from Bootstrap's own sprite, put into the page as they are: no font, no second request, no style attribute."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import flask_bootstrap
from markupsafe import Markup

_SPRITE = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
_SYMBOL = re.compile(r'<symbol class="bi[^"]*" viewBox="0 0 16 16" id="([a-z0-9-]+)">(.*?)</symbol>', re.DOTALL)


@cache
def _drawings() -> dict[str, str]:
    return dict(_SYMBOL.findall(_SPRITE.read_text(encoding="utf-8")))


def icon(name: str) -> Markup:
    """The icon of that name as inline SVG, hidden from screen readers (words stand beside it). Raises KeyError."""
    drawing = _drawings()[name]
    svg = f'<svg class="icon" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">{drawing}</svg>'
    return Markup(svg)
