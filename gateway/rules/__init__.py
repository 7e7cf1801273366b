"""Law and city data from rules/, read into the types of the core."""
