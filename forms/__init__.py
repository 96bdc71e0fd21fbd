"""Numbered forms: going out on paper, accounted for page by page, coming back as scans."""
