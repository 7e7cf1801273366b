"""Items of the queue: what arrived, states, numbers, legal clocks, duplicates, referrals. Pure."""
