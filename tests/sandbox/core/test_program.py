"""The program as people start it: real ports, real signals, real resets."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from jangbu.sandbox.main import main

BASE = "http://127.0.0.1:{port}"


def free_base() -> int:
    """A base port whose five neighbours are free too."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base: int = probe.getsockname()[1]
        if base < 65_000 and all(_is_free(base + step) for step in range(5)):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "jangbu.sandbox.main", "--only", "etsy", *arguments]


class Running:
    """The sandbox as a process."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.process = subprocess.Popen(
            command("--base-port", str(base), "--no-buyers", "--strict", "--seed", "5"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline()

    def control(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.base}{path}", data=data)
        with urllib.request.urlopen(request) as answer:  # noqa: S310 -- our own
            return json.load(answer)

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running(free_base())
    yield made
    if made.process.poll() is None:
        made.end()


def printed_env(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    assert main(["--print-env", "--only", "etsy", *arguments]) == 0
    return dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())


def test_the_environment_is_the_same_for_the_same_seed_and_ports(capsys: pytest.CaptureFixture[str]) -> None:
    first = printed_env(capsys, "--seed", "5", "--base-port", "9300")
    assert set(first) == {
        "JANGBU_ETSY_API_URL",
        "JANGBU_ETSY_AUTH_URL",
        "ETSY_KEYSTRING",
        "ETSY_SHARED_SECRET",
        "ETSY_ACCESS_TOKEN",
        "ETSY_REFRESH_TOKEN",
        "ETSY_SHOP_ID",
        "ETSY_REDIRECT_URI",
        "ETSY_WEBHOOK_SECRET",
    }
    assert first["JANGBU_ETSY_API_URL"] == "http://127.0.0.1:9301"
    assert printed_env(capsys, "--seed", "5", "--base-port", "9300") == first
    assert printed_env(capsys, "--seed", "6")["ETSY_KEYSTRING"] != first["ETSY_KEYSTRING"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--only", "ebay"], "no emulator for 'ebay'"),
        (["--only", ","], "--only names no marketplace"),
        (["--only", "etsy", "--base-port", "70000"], "--base-port"),
        (["--only", "etsy", "--rate", "-1"], "--rate"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(arguments) == 2
    errors = capsys.readouterr().err
    assert problem in errors
    assert errors.count("\n") == 1


def test_the_printed_environment_opens_the_running_shop(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    env = printed_env(capsys, "--seed", "5", "--base-port", str(running.base))
    assert "sandbox ready" in running.greeting
    headers = {
        "x-api-key": f"{env['ETSY_KEYSTRING']}:{env['ETSY_SHARED_SECRET']}",
        "authorization": f"Bearer {env['ETSY_ACCESS_TOKEN']}",
    }
    path = f"/v3/application/shops/{env['ETSY_SHOP_ID']}/receipts"
    answer = httpx2.get(env["JANGBU_ETSY_API_URL"] + path, headers=headers, trust_env=False)
    assert answer.json()["count"] == 3
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.headers.get_list("date")) == 1
    assert running.end() == (0, "")


def test_resets_and_cut_bodies_are_real(running: Running) -> None:
    url = f"http://127.0.0.1:{running.base + 1}/v3/application/openapi-ping"
    running.control("/faults", [{"kind": "reset_before", "times": 1}, {"kind": "truncated", "times": 1}])
    with pytest.raises(httpx2.ReadError):
        httpx2.get(url, trust_env=False)
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(url, trust_env=False)
    assert httpx2.get(url, trust_env=False).status_code == 403
    statuses = running.control("/books")["channels"]["etsy"]["calls"]["by_status"]
    assert statuses["reset_before"] == 1
    assert running.end() == (0, "")


def test_a_reset_reaches_the_caller_as_a_reset(running: Running) -> None:
    running.control("/faults", [{"kind": "reset_before"}])
    with socket.create_connection(("127.0.0.1", running.base + 1), timeout=10) as line:
        line.sendall(b"GET /v3/application/openapi-ping HTTP/1.1\r\nhost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            line.recv(100)


def test_time_moves_on_and_the_date_header_with_it(running: Running) -> None:
    url = f"http://127.0.0.1:{running.base + 1}/v3/application/openapi-ping"
    before = httpx2.get(url, trust_env=False).headers["date"]
    running.control("/clock", {"advance_s": 86_400 * 40})
    assert httpx2.get(url, trust_env=False).headers["date"][5:16] != before[5:16]


def test_hanging_calls_do_not_keep_it_from_ending(running: Running) -> None:
    running.control("/faults", [{"kind": "timeout_before"}])
    with socket.create_connection(("127.0.0.1", running.base + 1), timeout=10) as line:
        line.sendall(b"GET /v3/application/openapi-ping HTTP/1.1\r\nhost: x\r\n\r\n")
        while not running.control("/faults")[0]["hits"]:
            pass
        code, _ = running.end()
    assert code == 0


def test_a_taken_port_is_one_line_and_exit_2() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        arguments = command("--base-port", str(port))
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=os.environ, timeout=60)
    assert done.returncode == 2
    assert done.stderr == f"jangbu sandbox: port {port} on 127.0.0.1 cannot be used: Address already in use\n"
