"""The tray 待处理: pages that wait for a person, what they may be, the decision on them, and taking it back."""
