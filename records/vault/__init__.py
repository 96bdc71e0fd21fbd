"""The vault: encrypted blobs by digest, and the keys that open them, on disk and on paper."""

from __future__ import annotations

from records.vault.blobs import (
    SIGN_IN,
    KeyGone,
    KeyNotOpened,
    ScanAltered,
    Vault,
    blob_path,
    durably,
    write_durably,
)
from records.vault.master_key import MasterKey, NoMasterKey

__all__ = [
    "SIGN_IN",
    "KeyGone",
    "KeyNotOpened",
    "MasterKey",
    "NoMasterKey",
    "ScanAltered",
    "Vault",
    "blob_path",
    "durably",
    "write_durably",
]
