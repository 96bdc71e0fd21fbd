"""Boxes and shelves with place codes; loans of paper."""

from __future__ import annotations

revision = "2026_11_23_10_places"
down_revision = "2026_11_23_9_estate"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
