"""People of a unit and their history, merges and splits of units, events of a dossier."""

from __future__ import annotations

revision = "2026_11_23_9_estate"
down_revision = "2026_11_23_8_tray"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
