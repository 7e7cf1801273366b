"""Fax: pages out of what Asterisk received, and the way of a fax into the queue."""
