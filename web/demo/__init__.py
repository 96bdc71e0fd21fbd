"""The demonstration: an estate that never was, built only through the acts that people use."""
