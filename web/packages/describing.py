"""What is in a dossier or series, as tables that any program reads: one row for each page, as CSV and as XML."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

Row = Mapping[str, object]


def as_csv(rows: Sequence[Row]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets show the Chinese."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def as_xml(kind: str, name: str, rows: Sequence[Row]) -> bytes:
    """``<dossier name="DA-…"><page file="…">…</page></dossier>``, an element for each column of a row."""
    root = ElementTree.Element(kind, name=name)
    for row in rows:
        page = ElementTree.SubElement(root, "page")
        for key, value in row.items():
            ElementTree.SubElement(page, key).text = "" if value is None else str(value)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
