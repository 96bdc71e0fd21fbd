"""How long each record is kept, and how what is due is destroyed so that it can be proven."""
