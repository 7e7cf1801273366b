"""Backups and restoring them, ends of retention, one person's data, encryption of files."""
