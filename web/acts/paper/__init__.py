"""Acts on the paper itself: where a dossier stands, and the slips for places, loans, transfers."""
