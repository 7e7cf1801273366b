"""What follows intake: items assigned to units as orders, and what becomes of them there."""
