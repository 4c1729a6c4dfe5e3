"""The transport that reaches emulators inside one process."""

import httpx2
import pytest

from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.inprocess import InProcessTransport
from jangbu.sandbox.core.world import World

PING = "http://127.0.0.1:9101/v3/application/openapi-ping"


@pytest.fixture
def world() -> World:
    return World(seed=1, channels=("etsy",), clock=HandClock())


def client_of(world: World) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=InProcessTransport({"127.0.0.1:9101": world.emulators["etsy"].app}))


async def test_an_address_leads_to_its_app_and_no_other_to_any(world: World) -> None:
    async with client_of(world) as client:
        assert (await client.get(PING)).status_code == 403
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9102/")


@pytest.mark.parametrize(
    ("kind", "error"), [("reset_before", httpx2.ReadError), ("truncated", httpx2.RemoteProtocolError)]
)
async def test_dropped_connections_look_as_on_a_socket(
    world: World, kind: str, error: type[httpx2.TransportError]
) -> None:
    world.faults.replace([{"kind": kind}])
    async with client_of(world) as client:
        with pytest.raises(error):
            await client.get(PING)


async def test_a_caller_that_gives_up_does_not_stop_the_far_side(world: World) -> None:
    clock = world.clock
    assert isinstance(clock, HandClock)
    world.faults.replace([{"kind": "slow", "params": {"delay_s": 5}}])
    async with client_of(world) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(PING, timeout=0.01)
        assert world.books()["channels"]["etsy"]["calls"]["total"] == 0
        await clock.run_for(5)
        assert world.books()["channels"]["etsy"]["calls"]["total"] == 1
