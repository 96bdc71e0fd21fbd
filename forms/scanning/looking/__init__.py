"""Looking at the picture of a page: how it lies, its code, whether anything is on it, how good it is, who signed."""
