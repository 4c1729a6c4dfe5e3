"""A craft seller's whole first day in a real browser, in Korean, on a phone and at a desk: from the link to parcels sent.

Real programs, real marketplaces' contracts on this machine, real time. Nothing is asked of the hub but what its pages
show; what came of it is read from the marketplaces' own books.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_couriers import answered
from tests.support.processes import Program, ask, free_ports, sandbox, until_up

from jangbu.infra.tables import read_table, write_workbook

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PRODUCTS, UNCODED, ORDERS = 80, 20, 40
PATIENCE_S = 120

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is absent: nobody walked through a seller's first day"),
    pytest.mark.timeout(600),
]


class Seller:
    """Somebody at a browser, and the marketplaces' own books beside them."""

    def __init__(self, page: Any, hub: str, control: str, link: str, env: dict[str, str]) -> None:
        self.page, self.hub, self.control, self.link, self.env = page, hub, control, link, env
        page.set_default_timeout(PATIENCE_S * 1000)

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = ask(f"{self.control}/books")
        return found

    def writes(self) -> int:
        return sum(sum(each["writes"].values()) for each in self.books()["channels"].values())

    def go(self, path: str) -> None:
        self.page.goto(f"{self.hub}{path}")

    def press(self, name: str) -> None:
        """Press the one button or link of that name."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).first.click()

    def until(self, what: str, holds: Any) -> None:
        """Reload the page in view until something holds, as a patient person would."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, f"never: {what}\n{self.page.locator('main').inner_text()[:2000]}"
            self.page.wait_for_timeout(500)
            self.page.reload()

    # -- the story ------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        page = self.page
        page.goto(self.link)
        page.get_by_role("link", name="한국어").click()
        page.get_by_label("이름", exact=True).first.fill("공방 주인")
        page.locator("[name=login]").fill("owner")
        page.locator("[name=password]").fill("a kiln full of moon jars")
        page.locator("[name=again]").fill("a kiln full of moon jars")
        page.keyboard.press("Enter")
        page.wait_for_url("**/recovery")
        groups = page.locator("ol.groups b").all_inner_texts()
        page.locator("main a.button--main").click()
        for field in page.locator("[name^=group_]").all():
            field.fill(groups[int(str(field.get_attribute("name")).removeprefix("group_")) - 1])
        page.locator("main button.button--main").click()
        page.wait_for_url(f"{self.hub}/")

    def connect_naver(self) -> None:
        page = self.page
        self.go("/shops/connect/naver")
        page.locator("[name=name]").fill("우리 스토어")
        page.locator("[name=client_id]").fill(self.env["NAVER_CLIENT_ID"])
        page.locator("[name=client_secret]").fill(self.env["NAVER_CLIENT_SECRET"])
        page.get_by_role("button", name="확인하고 연동하기").click()
        page.wait_for_url("**/shops/**")
        self.until("listings read", lambda: f"{PRODUCTS}개" in page.locator("main").inner_text())

    def connect_etsy(self) -> None:
        page, back = self.page, f"{self.hub}/shops/connect/etsy/return"
        ask(f"{self.control}/settings", {"channel": "etsy", "redirect_uri": back})
        self.go("/shops/connect/etsy")
        form = page.locator("form:has([name=keystring])")
        form.locator("[name=name]").fill("Moon Jar Etsy")
        form.locator("[name=keystring]").fill(self.env["ETSY_KEYSTRING"])
        form.locator("[name=shared_secret]").fill(self.env["ETSY_SHARED_SECRET"])
        form.locator("[name=redirect]").fill(back)
        form.locator("button.button--main").click()
        with page.context.expect_page() as opened:  # Etsy's own page comes in another tab
            page.locator("main a.button--main").click()
        page.close()
        self.page = page = opened.value
        page.set_default_timeout(PATIENCE_S * 1000)
        page.wait_for_url("**/shops/Moon%20Jar%20Etsy")
        self.until("listings read", lambda: f"{PRODUCTS}개" in page.locator("main").inner_text())

    def link_goods(self) -> None:
        """Link by code what has codes, then answer the pairs by one key each."""
        page = self.page
        self.go("/listings")
        page.locator("form[action='/listings/by-code'] button").click()
        self.go("/listings/pairs")
        self.until("pictures seen", lambda: "사진" not in page.locator("main .banner").all_inner_texts().__str__())
        for _ in range(UNCODED):
            for box in page.locator(".pair-option input[type=checkbox]").all():
                box.check()
            page.locator("body").click(position={"x": 5, "y": 5})
            with page.expect_navigation():
                page.keyboard.press("y")
        assert page.locator("#pair").count() == 0

    def say_what_lies_there(self) -> None:
        page = self.page
        self.go("/stock/opening")
        self.until("every number read", lambda: "–" not in str(page.locator("td.num").all_inner_texts()))
        page.locator("form[action='/stock/opening/preview'] button").click()
        page.wait_for_url("**/stock/opening/preview**")
        page.locator("form[action='/stock/opening/all'] button.button--main").click()
        page.wait_for_url("**/stock/opening")

    def read_plan(self, shop: str) -> list[tuple[str, str, str]]:
        """Read a shop's whole plan as it is shown: SKU, number now, number to be written."""
        self.go(f"/plan?shop={shop}")
        rows: list[tuple[str, str, str]] = []
        while True:
            for row in self.page.locator("table.plan tbody tr").all():
                numbers = row.locator("td.num").all_inner_texts()
                rows.append((row.locator("a.sku").inner_text(), numbers[0].strip(), numbers[1].strip()))
            onward = self.page.get_by_role("button", name="다음", exact=True)
            if not onward.count():
                return rows
            onward.click()

    def start(self, shop: str) -> None:
        self.go(f"/plan?shop={shop}")
        if self.page.locator("[name=return_free]").count():
            self.page.locator("[name=return_free][value=yes]").check()
        self.page.locator("button[formaction='/plan/start']").click()
        self.page.wait_for_load_state()


@contextlib.contextmanager
def a_day(folder: Path, width: int) -> Iterator[Seller]:
    """Run the programs and open a browser of a width."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to load, and only needed here

    port = free_ports(1)
    with sandbox(folder, 5, "--products", str(PRODUCTS), "--uncoded", str(UNCODED)) as base:
        control = f"http://127.0.0.1:{base}"
        env = ask(f"{control}/env")
        home = folder / "home"
        own = {key: value for key, value in env.items() if key.startswith("JANGBU_")}
        own |= {"JANGBU_PROFILE": "dev", "JANGBU_HOME": str(home), "HOME": str(folder), "LANG": "ko_KR.UTF-8"}
        hub = Program("serve", "--port", str(port), env=own, log=folder / "hub.log")
        try:
            until_up(hub, f"http://127.0.0.1:{port}/healthz")
            link = re.search(r"http://\S+/enter\?key=\S+", (folder / "hub.log").read_text("utf-8"))
            assert link
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                context = browser.new_context(
                    viewport={"width": width, "height": 850}, locale="ko-KR", timezone_id="Asia/Seoul",
                    has_touch=width < 500, accept_downloads=True,
                )  # fmt: skip
                page = context.new_page()
                try:
                    yield Seller(page, f"http://127.0.0.1:{port}", control, link[0], env)
                except BaseException:
                    page.screenshot(path=folder / "failed.png", full_page=True)
                    print(f"what was seen: {folder / 'failed.png'}")
                    raise
                browser.close()
        finally:
            hub.end()


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_from_the_link_to_forty_parcels(tmp_path: Path, width: int) -> None:
    with a_day(tmp_path, width) as seller:
        seller.set_up()
        seller.connect_naver()
        seller.connect_etsy()
        seller.link_goods()
