"""What was done in the tray and may be undone until the end of the day."""

from __future__ import annotations

revision = "2026_11_23_8_tray"
down_revision = "2026_11_23_7_quality"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
