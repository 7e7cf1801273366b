"""How long a transaction may take, on any database."""

LIMIT = 30.0  # seconds; whoever waits is then told that it failed
