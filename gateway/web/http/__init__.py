"""What all requests share: routes, authentication, errors, limits, reading and writing of bodies."""
