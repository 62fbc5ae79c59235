"""Camera and microphone are tried on the one page that may use them; elsewhere they stay shut."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.factories.instance import running_chromium
from tests.factories.web import Web, served

ADDRESS = "/inscripciones/prueba-de-video"
# A made-up picture and a made-up tone, and yes to the question.
FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def test_only_that_page_may_ask_for_them(web: Web) -> None:
    assert "camera=(self)" in web.client.get(ADDRESS).headers["Permissions-Policy"]
    for other in ("/", "/inscripciones", "/api/v1/services"):
        assert "camera=()" in web.client.get(other).headers["Permissions-Policy"]


def test_without_a_script_it_says_how_to_try_them(web: Web) -> None:
    page = web.client.get(ADDRESS).text
    assert "Graba un mensaje de voz y escúchalo." in page
    assert '<button class="btn btn-primary" type="button" hidden>' in page


@pytest.mark.browser
@pytest.mark.parametrize("language", ["es", "en"])
def test_a_browser_that_has_them_says_that_they_work(web: Web, language: str) -> None:
    with served(web) as address, running_chromium(*FAKE) as browser:
        page = browser.new_page(viewport={"width": 360, "height": 700})
        page.goto(f"{address}{ADDRESS}?language={language}")
        page.locator("[data-camera] button").click()
        sentences = {"es": "Tu cámara y tu micrófono funcionan.", "en": "Your camera and your"}
        expect(page.locator("[data-camera] [role=status]")).to_contain_text(sentences[language])
        expect(page.locator("video")).to_be_visible()
