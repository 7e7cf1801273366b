"""One fax: its record and what its text may say. Pure."""
