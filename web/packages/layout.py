"""How a transfer package is laid out below BagIt's ``data`` folder (RFC 8493), and what cannot travel in it.

- ``dossiers/NUMBER/``  the pages of a dossier as they were filed, in folders by section; its 卷内目录 as PDF; its
                        documents as CSV and XML;
- ``series/CODE/``      the same for the office's own records outside dossiers;
- ``log/``              the audit log's extract, which ``verify_log.py`` beside it proves;
- ``records/``          (dossier or series) what the records say of it, as JSON lines for another office to take in;
- ``scans/``            (whole archive) files as they were received, and pages that wait in the tray;
- ``system/``           (whole archive) every table as JSON lines, the office's own forms, the secret of printed pages.

BagIt's manifests prove every file by SHA-256; ``python -m bagit --validate FOLDER`` checks them without us.
"""

from __future__ import annotations

from pathlib import Path

from records.errors import OfficeError
from web.backups.rows import backed_up_tables

DOSSIERS, SERIES, SCANS, LOG, SYSTEM, RECORDS = "dossiers", "series", "scans", "log", "system", "records"
TABLES = f"{SYSTEM}/tables"
FILES = f"{SYSTEM}/files.json"
OWN_FILES = f"{SYSTEM}/own-files.tar"
PAGE_SECRET = f"{SYSTEM}/page-secret.txt"
#: Bound to one machine or one person's sign-in: the new office makes its own.
_STAYS = {"key_holders", "second_factors", "recovery_codes", "discards"}
SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif"}


class PackageDamaged(OfficeError):
    """The package is not whole, or not one of ours."""

    code = "package.damaged"
    zh = "移交包不完整或不是本系统的移交包:{why}。"
    en = "The package is not whole, or none of ours: {why}."


class NotForTakingIn(OfficeError):
    """A package without the rows that another office needs."""

    code = "package.not_for_taking_in"
    zh = "此包只供查阅和核验,不含接收所需的记录;请由对方用现行版本重新写出。"
    en = "This package is for reading and proving only: it lacks the rows to take in. Have it written by this version."


def travelling_tables() -> list[str]:
    """The names of the tables that go with a whole archive, those referred to first."""
    return [table.name for table in backed_up_tables() if table.name not in _STAYS]


def table_file(folder: Path, name: str) -> Path:
    """Where a table's rows lie in the payload."""
    return folder / TABLES / f"{name}.jsonl"
