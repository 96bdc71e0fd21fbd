"""What everything stands on: units, owners, dossiers, documents, vault, audit log, access, dated facts."""
