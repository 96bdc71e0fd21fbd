"""Reading what stands on a page: printed numbers, and what was written into the boxes of a form."""
