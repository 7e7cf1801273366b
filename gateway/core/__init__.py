"""The pure core: rules, tables and walks. No I/O, no clock, no randomness."""
