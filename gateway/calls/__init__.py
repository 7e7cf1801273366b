"""Live calls: the switchboard, seats, transfers, what is done when a call has ended."""
