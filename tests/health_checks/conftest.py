from tests.storage.databases import clock, empty_url, intake, storage, templates, url

__all__ = ["clock", "empty_url", "intake", "storage", "templates", "url"]
