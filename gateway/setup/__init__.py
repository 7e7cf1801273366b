"""What `make` needs and a running service does not: packages, Asterisk, browser parts, voices."""
