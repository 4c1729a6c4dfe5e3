"""A craft seller's whole first day in a real browser, in Korean, on a phone and at a desk.

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
from jangbu.sandbox.core.goods import seeded_goods

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SEED, PRODUCTS, UNCODED, ORDERS = 5, 80, 20, 40
PATIENCE_S = 120
LOOKED_AT = "performance.now() > performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd + 300"

GOODS = seeded_goods(SEED, ("etsy", "naver"), PRODUCTS, UNCODED)
OPTIONS = [option for good in GOODS.goods for variant in good.variants for option in variant.options]
VALUES = frozenset(value for option in OPTIONS for value in (option.value, option.value_ko))
TRUE = {
    (title, frozenset(values)): variant.sku
    for good in GOODS.goods
    for variant in good.variants
    for title, values in (
        (good.title, [o.value for o in variant.options]), (good.title_ko, [o.value_ko for o in variant.options])
    )
}  # fmt: skip
"""What an offer is by the marketplaces' own books, known by its title and option values in either language."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is absent: nobody walked through a seller's first day"),
    pytest.mark.timeout(900),
    pytest.mark.long,
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
        page.locator("main").get_by_role("link", name="한국어").click()
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
            page.evaluate("document.activeElement.blur()")
            with page.expect_navigation():
                while not page.evaluate(LOOKED_AT):  # a key pressed sooner was meant for the pair before
                    page.wait_for_timeout(50)
                page.keyboard.press("y")
        assert page.locator("#pair").count() == 0

    def say_what_lies_there(self) -> None:
        """Take the lowest figure for all, once every number was read; the preview says how many are not."""
        page = self.page
        self.go("/stock/opening")
        page.locator("form[action='/stock/opening/preview'] button").click()
        page.wait_for_url("**/stock/opening/preview**")
        self.until("every number read", lambda: page.locator(".summary-number").last.inner_text().strip() == "0")
        with page.expect_navigation():
            page.locator("form[action='/stock/opening/all'] button.button--main").click()
        assert page.url.endswith("/stock/opening"), page.locator("main").inner_text()

    def read_plan(self, shop: str) -> dict[str, tuple[str, str]]:
        """Read a shop's whole plan as it is shown: by the true SKU, the number now and the number to be written."""
        self.go(f"/plan?shop={shop}")
        rows: dict[str, tuple[str, str]] = {}
        while True:
            for row in self.page.locator("table.plan tbody tr").all():
                now, then = (each.strip() for each in row.locator("td.num").all_inner_texts())
                title, _, options = row.locator("td.goods .soft").first.inner_text().partition(" · ")
                rows[TRUE[title, frozenset(re.split(r" / |: ", options)) & VALUES]] = (now, then)
            onward = self.page.locator("nav.pages button[name=page]").last
            if not onward.count() or "다음" not in onward.inner_text():
                return rows
            onward.click()

    def start(self, shop: str) -> None:
        self.go(f"/plan?shop={shop}")
        if self.page.locator("[name=return_free]").count():
            self.page.locator("[name=return_free][value=yes]").check()
        with self.page.expect_navigation():
            self.page.locator("button[formaction='/plan/start']").click()

    def numbers(self) -> dict[tuple[str, str], int]:
        """Give what buyers see, by marketplace and the true SKU, from the marketplaces' own books."""
        return {
            (name, each["sku"]): each["quantity"] if each["on_sale"] else 0
            for name, books in self.books()["channels"].items()
            for each in books["numbers"].values()
        }

    def buy(self, channel: str) -> str:
        """Have somebody buy a piece of what there is most of; give its true SKU."""
        _, sku = max((n, sku) for (name, sku), n in self.numbers().items() if name == channel)
        assert ask(f"{self.control}/buy", {"channel": channel, "sku": sku, "quantity": 1})["order"], sku
        return sku

    def wait_for(self, what: str, holds: Any) -> None:
        """Wait until the marketplaces' own books show something."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, f"never: {what}"
            self.page.wait_for_timeout(500)

    def ship(self, folder: Path) -> dict[str, Any]:
        """Take the courier's sheet, bring the answer back with two wrong rows, look at it, hand the numbers over."""
        page = self.page
        self.go("/orders?n=500")
        waiting = set(page.locator(".due-order a").all_inner_texts())
        page.get_by_role("link", name="택배 접수 파일").click()
        page.locator("form[action='/orders/sheet']:has([value=cj]) button").click()
        with page.expect_download() as taken:
            page.locator("form[action='/orders/sheet/file'] button").click()
        sheet = read_table(Path(taken.value.path()).read_bytes())
        rows = answered(sheet)
        rows[3][0] = "번호 없음"
        rows[6][1:] = ["다른 사람", "02-000-0000", "없는 주소", ""]
        file = folder / "result.xlsx"
        file.write_bytes(write_workbook(rows).content)
        self.go("/orders/result")
        page.locator("[name=file]").set_input_files(file)
        page.locator("form[action='/orders/result'] button").click()
        seen = page.locator("main").inner_text()
        said: set[str] = set()
        for choice in page.locator("select[name^='box:']").all():  # one buyer with several parcels: she says which
            values = [str(each.get_attribute("value")) for each in choice.locator("option").all()]
            box = next(value for value in values if value and value not in said)
            said.add(box)
            choice.select_option(value=box)
        page.locator("form[action='/orders/result/apply'] button.button--main").click()
        page.wait_for_load_state()
        return {"parcels": len(sheet) - 1, "seen": seen, "orders": waiting}

    def tracked(self) -> set[str]:
        """Name the orders whose tracking number is back at the marketplace."""
        rows = (row for each in self.books()["channels"].values() for row in each["orders"])
        return {row["id"] for row in rows if row["tracking"]}


@contextlib.contextmanager
def a_day(folder: Path, width: int, *, scripts: bool = True) -> Iterator[Seller]:
    """Run the programs and open a browser of a width."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to load, and only needed here

    port = free_ports(1)
    with sandbox(folder, SEED, "--products", str(PRODUCTS), "--uncoded", str(UNCODED)) as base:
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
                    has_touch=width < 500, accept_downloads=True, java_script_enabled=scripts,
                )  # fmt: skip
                seller = Seller(context.new_page(), f"http://127.0.0.1:{port}", control, link[0], env)
                try:
                    yield seller
                except Exception as error:
                    seller.page.screenshot(path=folder / "failed.png", full_page=True)
                    error.add_note(f"what was seen: {folder / 'failed.png'}")
                    raise
                browser.close()
        finally:
            hub.end()


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_from_the_link_to_forty_parcels(tmp_path: Path, width: int) -> None:
    """B11-B16, B26-B28, P13: watched first, written only when she says so, and then just what the plan said."""
    with a_day(tmp_path, width) as seller:
        seller.set_up()
        seller.connect_naver()
        seller.connect_etsy()
        seller.link_goods()
        seller.say_what_lies_there()
        assert seller.writes() == 0

        plan = {"naver": seller.read_plan("우리 스토어"), "etsy": seller.read_plan("Moon Jar Etsy")}
        assert len(plan["naver"]) == len(plan["etsy"]) > PRODUCTS
        assert seller.writes() == 0, "looking at the plan writes nothing"
        before = seller.numbers()
        seller.start("우리 스토어")
        seller.start("Moon Jar Etsy")
        wanted = {
            (name, sku): int(then) for name, rows in plan.items() for sku, (_, then) in rows.items() if then.isdigit()
        }
        assert len(wanted) > PRODUCTS
        seller.wait_for("the plan at the marketplaces", lambda: wanted.items() <= seller.numbers().items())
        untouched = {key for key, number in before.items() if key not in wanted}
        assert all(seller.numbers()[key] == before[key] for key in untouched)

        ask(f"{seller.control}/settings", {"channel": "naver", "unpaid_share": 0.0})
        sku = seller.buy("naver")
        shown = GOODS.initial(sku) - 1
        seller.wait_for(
            "every piece left promised once",
            lambda: sum(n for (_, each), n in seller.numbers().items() if each == sku) == shown,
        )
        for _ in range(ORDERS - 1):
            seller.buy("naver")
        placed = {row["id"] for row in seller.books()["channels"]["naver"]["orders"]}
        seller.go("/orders?n=500")
        seller.until("every order", lambda: all(order in seller.page.locator("main").inner_text() for order in placed))
        sent = seller.ship(tmp_path)
        assert sent["parcels"] >= ORDERS
        assert "번호" in sent["seen"]

        seller.wait_for("tracking numbers", lambda: len(seller.tracked()) == sent["parcels"] - 2)
        seller.go("/orders?n=500")
        shown = seller.page.locator("main").inner_text()
        left = sent["orders"] - seller.tracked()
        assert len([order for order in left if order in shown]) == 2, "both are still there"
        assert seller.books()["oversold"] == {}


@pytest.mark.parametrize("width", [390])
def test_without_scripts_she_can_stop_all_writing_and_ship_one_order(tmp_path: Path, width: int) -> None:
    with a_day(tmp_path, width, scripts=False) as seller:
        seller.set_up()
        seller.connect_naver()
        seller.page.get_by_role("button", name="쓰기 전체 중지").click()
        assert "쓰기" in seller.page.locator(".banner--bad").inner_text()
        seller.go("/orders")
        seller.until("an order", lambda: seller.page.locator(".due-order a").count() > 0)
        seller.page.locator(".due-order a").first.click()
        seller.page.locator("[name=number]").fill("612345678901")
        seller.page.locator("form[action='/orders/ship'] button").click()
        assert "612345678901" in seller.page.locator("main").inner_text()
