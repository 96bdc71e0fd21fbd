"""What is said on screen and how: the two languages, what states and verbs are called, punctuation as print sets it."""
