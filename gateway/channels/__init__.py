"""One file a channel: each translates what arrived into a Contact."""
