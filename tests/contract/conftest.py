"""Lives shared by the tests of what goes over the wire: each is played once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.contract.lives import lived
from tests.support.recording import Recording

Lives = Callable[[str], Recording]


@pytest.fixture(scope="session")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    played: dict[str, Recording] = {}

    def play(name: str) -> Recording:
        if name not in played:
            played[name] = lived(name, tmp_path_factory.mktemp(name))
        return played[name]

    return play
