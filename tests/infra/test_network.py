from __future__ import annotations

import asyncio
import socket

import pytest


def test_a_test_cannot_reach_the_network() -> None:
    with socket.socket() as plain, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        plain.connect(("192.0.2.1", 80))
    with pytest.raises(pytest.fail.Exception, match="example"):
        socket.create_connection(("hub.example.com", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(pytest.fail.Exception):
        datagrams.sendto(b"x", ("192.0.2.1", 80))


async def test_an_event_loop_cannot_reach_it_either() -> None:
    with pytest.raises(pytest.fail.Exception):
        await asyncio.open_connection("192.0.2.1", 80)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
