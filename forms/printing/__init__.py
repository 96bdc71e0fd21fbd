"""Printing numbered paper: what is entered, one form or many at once, agreements made ready ahead, printing again."""
