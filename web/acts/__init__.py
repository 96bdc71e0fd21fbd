"""Acts that pages and commands share: each puts several floors together, inside the caller's transaction."""
