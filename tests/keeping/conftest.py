from tests.storage.databases import clock, empty_url, templates, url

__all__ = ["clock", "empty_url", "templates", "url"]
