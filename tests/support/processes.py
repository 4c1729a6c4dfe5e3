"""Real programs on loopback for end-to-end tests: a sandbox and a hub, started, spoken to and ended by id."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE_S = 30


_BLOCK = 10
_held: list[socket.socket] = []


def free_ports(count: int) -> int:
    """Find `count` neighbouring ports that no other test takes while this process lives; give the first.

    The last port of a block stays bound: it is what keeps other tests away, also between two programs of ours.
    """
    assert count < _BLOCK
    for base in range(21_000, 60_000, _BLOCK):
        guard = socket.socket()
        try:
            guard.bind(("127.0.0.1", base + _BLOCK - 1))
            with contextlib.ExitStack() as opened:
                for port in range(base, base + count):
                    one = opened.enter_context(socket.socket())
                    one.bind(("127.0.0.1", port))
        except OSError:
            guard.close()
            continue
        _held.append(guard)
        return base
    raise RuntimeError("no free ports")


def ask(url: str, body: Any = None, token: str = "") -> Any:
    """Speak JSON to a door on this machine."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
        return json.loads(answer.read())


class Program:
    """One of our programs, running."""

    def __init__(self, *args: str, env: dict[str, str], log: Path) -> None:
        """Start `jangbu` with these arguments."""
        self._log = log.open("ab")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("JANGBU_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jangbu", *args], env=clean | env, stdout=self._log, stderr=self._log
        )

    def lives(self, seconds: float) -> bool:
        """Let it live for a while; tell whether it still does."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def end(self) -> int:
        """End it in order; give its exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._log.close()
        return status


@contextlib.contextmanager
def sandbox(folder: Path, seed: int, *more: str) -> Iterator[int]:
    """Run a sandbox without buyers; give its first port."""
    base = free_ports(6)
    program = Program(
        "sandbox", "--seed", str(seed), "--no-buyers", "--strict", "--base-port", str(base), *more,
        env={}, log=folder / "sandbox.log",
    )  # fmt: skip
    try:
        until_up(program, f"http://127.0.0.1:{base}/health")
        yield base
    finally:
        program.end()


def until_up(program: Program, url: str) -> None:
    """Wait until a door answers."""
    for _ in range(PATIENCE_S * 10):
        with contextlib.suppress(OSError):
            ask(url)
            return
        assert program.lives(0.1), "the program ended before its door opened"
    raise AssertionError(f"{url} did not answer")
