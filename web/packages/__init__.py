"""Transfer packages 移交包: a dossier, a series or the whole archive as a BagIt bag that needs nothing of ours."""
