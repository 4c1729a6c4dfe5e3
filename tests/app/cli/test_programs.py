"""The program as people run it: a real sandbox, a real hub, real commands, a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.processes import Program, ask, free_ports, sandbox, until_up

PATIENCE_S = 30


@dataclass(frozen=True)
class Seller:
    """One seller's machine: environment, folder, the hub's port."""

    env: dict[str, str]
    folder: Path
    port: int

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "jangbu", *words], env=self.env, cwd=self.folder, capture_output=True, text=True,
            timeout=PATIENCE_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def hub(self) -> Program:
        """Start the hub and wait for its door."""
        hub = Program("serve", "--port", str(self.port), env=self.env, log=self.folder / "hub.log")
        until_up(hub, f"http://127.0.0.1:{self.port}/healthz")
        return hub

    @property
    def card(self) -> Path:
        return self.folder / "home" / "local.json"


@pytest.fixture
def seller(tmp_path: Path) -> Iterator[Seller]:
    with sandbox(tmp_path, 5) as base:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("JANGBU_", "LANG", "LC_"))}
        env |= ask(f"http://127.0.0.1:{base}/env")
        env |= {"HOME": str(tmp_path), "JANGBU_HOME": str(tmp_path / "home"), "JANGBU_PROFILE": "dev"}
        yield Seller(env | {"JANGBU_LANGUAGE": "en", "PYTHONUTF8": "1"}, tmp_path, free_ports(1))


def test_a_first_day_with_and_without_a_running_hub(seller: Seller) -> None:
    for channel in ("etsy", "naver"):
        added = seller.run("shop", "add", channel, f"my {channel}", "--from-env", "--json")
        assert (added.returncode, added.stderr) == (0, "")
        assert json.loads(added.stdout)["state"] == "watching"
    again = seller.run("shop", "add", "etsy", "again", "--from-env")
    assert (again.returncode, again.stderr.splitlines()[-1]) == (1, "  Who must act: You (shop_connected)")
    assert json.loads(seller.run("catalog", "import", "--json").stdout)[0]["listings"] > 7
    assert json.loads(seller.run("catalog", "link", "--by-sku", "--json").stdout)["linked"] > 15
    assert seller.run("page").returncode == 1

    hub = seller.hub()
    try:
        assert seller.card.stat().st_mode & 0o777 == 0o600
        assert seller.run("page").stdout.startswith(f"http://127.0.0.1:{seller.port}/enter?key=")
        second = seller.run("serve", "--port", "0")
        assert (second.returncode, second.stderr.splitlines()[-1]) == (1, "  Who must act: You (serve.another_hub)")
        through = seller.run("stock", "count", "FAN", "7")
        assert (through.returncode, through.stderr) == (0, "")  # nothing waits: the hub does it
        assert json.loads(seller.run("why", "FAN", "--at", "2026-01-01", "--json").stdout)["then"]["on_hand"] == 0
        unknown = seller.run("--lang", "ko", "stock", "count", "NOPE", "7")
        assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (1, "SKU NOPE이(가) 없습니다.")
    finally:
        assert hub.end() == 0
    assert not seller.card.exists()
    assert json.loads(seller.run("stock", "show", "FAN", "--json").stdout)[0]["on_hand"] == 7


def test_the_first_start_prints_a_set_up_link_and_later_ones_the_sign_in(seller: Seller) -> None:
    hub = seller.hub()
    assert hub.end() == 0
    first = (seller.folder / "hub.log").read_text("utf-8")
    assert first.count("/enter?key=") == 1
    assert "over plain http" not in first
    typed = subprocess.run(
        [sys.executable, "-m", "jangbu", "user", "add", "mina", "--role", "owner", "--stdin"], env=seller.env,
        cwd=seller.folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        input="blue kiln on monday\n",
    )  # fmt: skip
    assert (typed.returncode, typed.stderr) == (0, "")
    hub = seller.hub()
    try:
        changed = subprocess.run(
            [sys.executable, "-m", "jangbu", "user", "password", "mina", "--stdin"], env=seller.env, text=True,
            cwd=seller.folder, capture_output=True, timeout=PATIENCE_S, check=False, input="seven white moon jars\n",
        )  # fmt: skip
        assert (changed.returncode, changed.stderr) == (0, ""), "through the running hub"
    finally:
        assert hub.end() == 0
    log = (seller.folder / "hub.log").read_text("utf-8")
    second = log.removeprefix(first)
    assert "/enter?key=" not in second
    assert "jangbu page" in second
    assert "moon jars" not in log
    assert "argon2" not in log


def test_a_hub_open_to_neighbours_warns_and_still_answers_its_own_machine(seller: Seller) -> None:
    everywhere = ("--host", "0.0.0.0")  # noqa: S104 - what is tested
    hub = Program("serve", *everywhere, "--port", str(seller.port), env=seller.env, log=seller.folder / "hub.log")
    until_up(hub, f"http://127.0.0.1:{seller.port}/healthz")
    try:
        assert seller.run("page").stdout.startswith(f"http://127.0.0.1:{seller.port}/enter?key=")
    finally:
        assert hub.end() == 0
    assert "over plain http" in (seller.folder / "hub.log").read_text("utf-8")


def test_a_refused_credential_keeps_no_shop(seller: Seller) -> None:
    seller.env["NAVER_CLIENT_SECRET"] = "$2a$04$" + "x" * 22
    done = seller.run("--lang", "ko", "shop", "add", "naver", "가게", "--from-env")
    assert (done.returncode, done.stdout) == (1, "")
    assert "네이버" in done.stderr
    assert "Traceback" not in done.stderr
    assert "x" * 22 not in done.stderr
    assert json.loads(seller.run("shop", "list", "--json").stdout) == []


@pytest.mark.kill
def test_a_killed_hub_leaves_a_card_nobody_believes(seller: Seller) -> None:
    seller.hub().kill()
    assert seller.card.exists()
    assert "jangbu shop add" in seller.run("shop", "list").stdout
    hub = seller.hub()
    assert hub.end() == 0


def test_a_secret_typed_at_a_terminal_is_not_shown(seller: Seller) -> None:
    secret = seller.env.pop("NAVER_CLIENT_SECRET")
    words = ["shop", "add", "naver", "가게", "--field-from-env", "client_id=NAVER_CLIENT_ID"]
    shown = _typed(seller, words, {"client_secret: ": secret})
    assert "is connected" in shown
    assert secret not in shown


def test_an_interrupt_ends_the_hub_in_order(seller: Seller) -> None:
    hub = seller.hub()
    hub.process.send_signal(signal.SIGINT)
    assert hub.process.wait(PATIENCE_S) == 0
    assert hub.end() == 0
    assert "Traceback" not in (seller.folder / "hub.log").read_text()


def test_a_reader_that_leaves_early_is_no_crash(seller: Seller) -> None:
    command = f"{sys.executable} -m jangbu --help | head -1"
    done = subprocess.run(["sh", "-c", command], env=seller.env, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Usage: jangbu")
    assert done.stderr == ""


def test_programs_of_their_own_take_their_own_arguments(seller: Seller) -> None:
    printed = seller.run("sandbox", "--seed", "9", "--print-env").stdout
    assert "NAVER_CLIENT_SECRET=" in printed
    assert seller.run("sandbox", "--no-such-thing").returncode == 2
    assert "--seconds" in seller.run("demo", "--help").stdout


def test_help_is_quick_because_little_is_loaded(seller: Seller) -> None:
    heavy = "{'sqlalchemy', 'alembic', 'uvicorn', 'starlette', 'cryptography', 'httpx2', 'jangbu.app.operations'}"
    code = f"import sys; from jangbu.app.cli import main; main(['--help']); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=seller.env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def _typed(seller: Seller, words: list[str], answers: dict[str, str]) -> str:
    """Run a command at a terminal and answer what it asks; give all the terminal showed."""
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "jangbu", *words], env=seller.env, cwd=seller.folder, stdin=its, stdout=its, stderr=its,
        start_new_session=True,
    )  # fmt: skip
    os.close(its)
    shown, waiting = "", dict(answers)
    while True:
        try:
            part = os.read(mine, 4096)
        except OSError:  # the other end is closed: the command ended
            break
        shown += part.decode()
        for question in [q for q in waiting if shown.endswith(q)]:
            os.write(mine, f"{waiting.pop(question)}\n".encode())
    os.close(mine)
    assert process.wait(PATIENCE_S) == 0, shown
    return shown
