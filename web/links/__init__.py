"""What leads where: the navigation by role, facets, labels read by a scanner, words that name something outright."""
