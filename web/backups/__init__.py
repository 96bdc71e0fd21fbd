"""Backup and restore of the whole office, in a folder that shows nothing without the master key."""
