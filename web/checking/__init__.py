"""Checking the archive 四性检测 (DA/T 70): authentic, whole, usable, safe; each finding comes with what to do."""
