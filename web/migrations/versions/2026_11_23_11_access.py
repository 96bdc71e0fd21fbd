"""Deputies, visits, prints under a grant."""

from __future__ import annotations

revision = "2026_11_23_11_access"
down_revision = "2026_11_23_10_places"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
