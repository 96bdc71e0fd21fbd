"""Scans as an office would make them, for the demonstration, the tests and the benchmark: pens, wear, handwriting."""
