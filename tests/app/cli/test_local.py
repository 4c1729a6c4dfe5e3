"""Whom a command talks to: the living hub of its folder, nobody else, and never twice for one change."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.app.cli.conftest import Run, everything

from jangbu.app import local, lock
from jangbu.app.local import CARD_FILE, Card, announced
from jangbu.app.lock import HubLock
from jangbu.infra.settings import Settings
from jangbu.kernel.errors import Conflict, InputError, JangbuError, StateError, Throttled


class Neighbour(HTTPServer):
    """Another program at the port a card names; `reply` None hangs up without a word."""

    def __init__(self, reply: tuple[int, bytes] | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.heard: list[dict[str, Any]] = []
        self.tokens: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Neighbour)
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.tokens.append(self.headers["Authorization"])
        if self.server.reply is None:
            return
        status, body = self.server.reply
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def neighbour(home: Path, reply: tuple[int, bytes] | None, *, lives: bool = True) -> Iterator[Neighbour]:
    home.mkdir(mode=0o700, exist_ok=True)
    with Neighbour(reply) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        held = HubLock.take(home) if lives else None
        try:
            with announced(home, Card(f"http://127.0.0.1:{server.server_port}", "the-token")):
                yield server
        finally:
            if held:
                held.release()
            server.shutdown()
            thread.join()


def told(**answer: Any) -> bytes:
    return json.dumps(answer).encode()


def test_a_living_hub_does_the_operation(empty_home: Path) -> None:
    with neighbour(empty_home, (200, told(result=[{"name": "x"}]))) as hub:
        assert local.ask(Settings.load(), "shop_list", {}) == local.Answer([{"name": "x"}], by_hub=True)
    assert hub.heard == [{"op": "shop_list", "args": {}}]
    assert hub.tokens == ["Bearer the-token"]


def test_a_card_left_by_a_dead_hub_is_not_believed(home: Path, run: Run) -> None:
    with neighbour(home, (200, told(result=[])), lives=False) as other:
        assert "etsy" in run("shop", "list").out
    assert other.heard == []


@pytest.mark.parametrize(
    "reply", [(404, b"<html>not here</html>"), (401, told(error={"code": "local.token"})), (200, b"[]")]
)
def test_who_is_not_the_hub_is_left_alone_and_the_house_opened_here(
    home: Path, run: Run, reply: tuple[int, bytes]
) -> None:
    with neighbour(home, reply) as other:
        assert run("stock", "receive", "FAN", "1").status == 0
    assert len(other.heard) == 1
    assert "received" in run("activity").out


def test_a_hub_that_hangs_up_may_have_done_it_so_nothing_is_done_twice(home: Path, run: Run) -> None:
    before = everything(home)
    with neighbour(home, None):
        done = run("stock", "receive", "FAN", "1")
    assert done.status == 1
    assert "may or may not be done" in done.err
    assert everything(home) == before


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Conflict", Conflict), ("Throttled", Throttled), ("RowErrors", InputError), ("str", JangbuError)],
)
def test_an_error_of_the_hub_is_raised_here_as_it_was_there(
    empty_home: Path, kind: str, expected: type[JangbuError]
) -> None:
    error = {"kind": kind, "code": "shop_exists", "message": "words", "facts": {"name": "x", "odd": [1]}}
    with neighbour(empty_home, (409, told(error=error))), pytest.raises(expected) as raised:
        local.ask(Settings.load(), "shop_list", {})
    assert (type(raised.value), raised.value.code, dict(raised.value.facts)) == (expected, "shop_exists", {"name": "x"})


def test_a_crash_in_the_hub_is_told_as_one(empty_home: Path) -> None:
    with neighbour(empty_home, (500, b"Internal Server Error")), pytest.raises(StateError) as raised:
        local.ask(Settings.load(), "shop_list", {})
    assert raised.value.code == "local.crashed"


def test_the_card_is_its_owners_alone_and_goes_with_the_hub(tmp_path: Path) -> None:
    (tmp_path / CARD_FILE).write_text("left by another")
    (tmp_path / CARD_FILE).chmod(0o644)
    with announced(tmp_path, Card("http://127.0.0.1:1", "the-token")):
        assert stat.S_IMODE((tmp_path / CARD_FILE).stat().st_mode) == 0o600
        assert json.loads((tmp_path / CARD_FILE).read_text()) == {"url": "http://127.0.0.1:1", "token": "the-token"}
    assert list(tmp_path.iterdir()) == []
    assert "the-token" not in repr(Card("u", "the-token"))


def test_one_hub_a_folder(tmp_path: Path) -> None:
    assert not lock.held(tmp_path)
    first = HubLock.take(tmp_path)
    assert first is not None
    assert lock.held(tmp_path)
    assert HubLock.take(tmp_path) is None
    first.release()
    assert not lock.held(tmp_path)
    again = HubLock.take(tmp_path)
    assert again is not None
    again.release()
