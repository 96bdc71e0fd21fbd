"""Papers from elsewhere: where on a foreign PDF there is room, and the number and code put there."""
