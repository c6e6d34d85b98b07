"""Price screens: published statistics of the bids of one tender, what they show against other tenders, and why."""
