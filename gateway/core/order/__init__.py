"""A work order at a unit, from its assignment to its end: states, clocks, likely units. Pure."""
