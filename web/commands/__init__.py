"""The commands of ``yedang``: one module a subject, one function a command; its help text is its documentation."""
