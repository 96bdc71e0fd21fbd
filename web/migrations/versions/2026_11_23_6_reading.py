"""What recognition read on each page, by field and with its place; corrections that win."""

from __future__ import annotations

revision = "2026_11_23_6_reading"
down_revision = "2026_11_23_5_books"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
