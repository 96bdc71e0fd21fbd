"""Measurements: each file measures one promise beside named peers in the same run; `make bench` writes them down."""
