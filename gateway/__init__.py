"""The 12315 intake gateway: one async service beside an Asterisk PBX."""

__version__ = "0.1.0"
