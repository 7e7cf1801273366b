"""The channels: each file here turns what arrives in its own way into a Contact, and nothing more."""
