"""The day's work by role, on the first page: counts, what waits, and the ways to begin."""
