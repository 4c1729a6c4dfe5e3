"""The house most tests live in."""

from collections.abc import AsyncIterator

import pytest
from tests.sandbox.etsy.house import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    yield made
    await made.client.aclose()


@pytest.fixture
async def lenient() -> AsyncIterator[House]:
    made = House(strict=False)
    yield made
    await made.client.aclose()


@pytest.fixture
async def limited() -> AsyncIterator[House]:
    made = House(limits=True)
    yield made
    await made.client.aclose()
