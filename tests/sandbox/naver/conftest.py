"""The fixtures of the emulator's tests."""

from __future__ import annotations

import pytest
from tests.sandbox.naver.kit import Seller
from tests.support import oas
from tests.support.oas import Description


@pytest.fixture(scope="session")
def description() -> Description:
    return oas.needed("naver")


@pytest.fixture
def seller() -> Seller:
    """A seller whose every answer is checked, where the description is at hand."""
    return Seller(oas.at_hand("naver"))


@pytest.fixture
def strict_seller() -> Seller:
    return Seller(oas.at_hand("naver"), strict=True)
