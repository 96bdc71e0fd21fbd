"""Acts around access: who was in a dossier lately, the owner's right to know, prints under a grant."""
