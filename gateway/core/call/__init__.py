"""One telephone call: its state, journal, record, the seats and transfers. Pure."""
