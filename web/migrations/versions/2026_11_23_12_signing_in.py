"""Sessions, second factors, locked accounts; keys per series."""

from __future__ import annotations

revision = "2026_11_23_12_signing_in"
down_revision = "2026_11_23_11_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
