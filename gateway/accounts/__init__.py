"""People and programs that may log in: accounts, sessions, one-time codes, secrets made by the set-up."""
