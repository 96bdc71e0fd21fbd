"""Full-text search in the records' own database, for those who may see the record."""
