"""Paper coming back: opening scans, reading codes, registration, ink in signature boxes, filing, the tray."""
