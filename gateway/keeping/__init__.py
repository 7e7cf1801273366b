"""Keeping and losing on purpose: backups and restoring them, ends of retention, one person's data."""
