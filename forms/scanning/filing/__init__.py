"""Filing pages that prove who they are: where each belongs, papers behind a cover sheet, better scans of old ones."""
