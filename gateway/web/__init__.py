"""The HTTP side: API, pages and sockets."""
