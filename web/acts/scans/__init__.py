"""Acts on scans: filing from the tray and back, pages to scan again, what stands on a page."""
