"""Opening what a scanner or a phone delivers, safely: a process of its own, single pages, and pictures of them."""
