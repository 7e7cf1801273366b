"""A SIP caller of our own: dials, presses keys, hears which prompts play."""
