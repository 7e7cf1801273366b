"""axe on a page of a browser: what each page's tests look with."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}


async def check_accessible(page: Page, *, colours: bool = False) -> None:
    """axe finds no violation. `colours`: of the rules only the contrast is looked at.

    Only violations are told with every element: listing the elements that pass takes as long as the rules.
    """
    rules = CONTRAST if colours else TAGS
    results = await Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    assert results.violations_count == 0, results.generate_report()
    assert len(results.response["passes"]) > (0 if colours else 10), "axe has looked"
