"""The mapped classes of the search floor."""
