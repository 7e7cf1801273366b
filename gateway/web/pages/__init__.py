"""The pages: one module per page; their scripts do what needs a live view."""
