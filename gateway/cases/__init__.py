"""What follows intake: items assigned to units as orders, what becomes of them there, follow-up calls."""
