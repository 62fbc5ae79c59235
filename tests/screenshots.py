"""The pictures of the README, taken from a running instance: ``make screenshots``."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.factories.instance import Instance, running_chromium, running_instance, sign_in_staff

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"


def main() -> None:
    """Start an instance with invented activity, photograph it, stop it."""
    IMAGES.mkdir(exist_ok=True)
    with running_instance() as instance, running_chromium() as browser:
        instance.consular("seed", "--demo", "--people", "60")
        _phone(browser, instance)
        _screens(browser, instance)


def _phone(browser: Browser, instance: Instance) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 720})
    page.goto(instance.url)
    _take(page, "portal")
    page.goto(f"{instance.url}/citas/horarios?consulate=losangeles&service=PAS10")
    _take(page, "times")


def _screens(browser: Browser, instance: Instance) -> None:
    for subject, path, name in (
        ("demo-officer-losangeles", "/desk", "desk"),
        ("demo-analyst", "/monitoring", "monitoring"),
    ):
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        sign_in_staff(page, instance, subject)
        page.goto(f"{instance.url}{path}")
        if name == "desk":
            _to_a_day_with_appointments(page)
        _take(page, name)


def _to_a_day_with_appointments(page: Page) -> None:
    for _ in range(15):
        if page.locator("main table").count():
            return
        page.get_by_role("link", name="Día siguiente").click()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
