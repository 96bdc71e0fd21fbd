"""Acts on dossiers: what is in one and missing, its paper, its export, the estate's list."""
