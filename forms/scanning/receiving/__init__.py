"""Receiving a pile of paper as a file: sealed as it came, each page looked at and filed once, leafed through."""
