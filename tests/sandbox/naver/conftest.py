"""The fixtures of the emulator's tests."""

from __future__ import annotations

import pytest
from tests.sandbox.naver.kit import SPEC, Description, Seller


@pytest.fixture(scope="session")
def description() -> Description:
    if not SPEC.exists():
        pytest.skip(f"THE OFFICIAL DESCRIPTION IS ABSENT ({SPEC}): answers are not held against it")
    return Description(SPEC)


@pytest.fixture
def seller(request: pytest.FixtureRequest) -> Seller:
    """A seller whose every answer is checked, where the description is at hand."""
    found = request.getfixturevalue("description") if SPEC.exists() else None
    return Seller(found)


@pytest.fixture
def strict_seller(request: pytest.FixtureRequest) -> Seller:
    found = request.getfixturevalue("description") if SPEC.exists() else None
    return Seller(found, strict=True)
