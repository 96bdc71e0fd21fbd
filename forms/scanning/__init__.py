"""Paper coming back: a pile is received, each page opened, looked at, read and filed, or it waits in the tray."""
