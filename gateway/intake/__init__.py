"""The one entry of everything that arrives, and the queue behind it."""
