"""Signing in: passwords, second factors, sessions kept here, and failures counted for all processes alike."""
