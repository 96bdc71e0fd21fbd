"""Form and values become placed boxes: every coordinate of a printed page is decided here, in mm."""

from forms.layout.identity import PageIdentity, place_identity
from forms.layout.items import Box, Code, Item, Line, Panel, Text, Tick
from forms.layout.pages import ROWS, Laid, LaidPage, TooMuchForAPage, lay_out

__all__ = [
    "ROWS",
    "Box",
    "Code",
    "Item",
    "Laid",
    "LaidPage",
    "Line",
    "PageIdentity",
    "Panel",
    "Text",
    "Tick",
    "TooMuchForAPage",
    "lay_out",
    "place_identity",
]
