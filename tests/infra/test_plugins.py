from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jangbu.infra import plugins
from jangbu.kernel.errors import ConfigError, InputError


class Packages:
    """A folder of installed packages made for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, entries: str, source: str = "") -> None:
        (self.folder / f"{name}.py").write_text(source)
        info = self.folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entries)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    plugins.channels.cache_clear()
    yield Packages(tmp_path)
    plugins.channels.cache_clear()


def test_a_program_is_found_by_name(packages: Packages) -> None:
    packages.install("prog_of_a", "[jangbu.programs]\nshow = prog_of_a:main\n", "def main(): return 'ran'\n")
    assert plugins.program("show")() == "ran"


def test_an_unknown_name_is_refused_with_the_known_ones(packages: Packages) -> None:
    packages.install("prog_of_b", "[jangbu.programs]\nshow = prog_of_b:main\n")
    with pytest.raises(InputError, match="known are show"):
        plugins.program("sandbox")
    with pytest.raises(InputError, match="known are none"):
        plugins.channel("etsy")


def test_a_package_that_cannot_be_loaded_is_named(packages: Packages) -> None:
    packages.install("prog_of_c", "[jangbu.programs]\nshow = prog_of_c:main\n", "import nowhere_at_all\n")
    with pytest.raises(ConfigError, match="prog_of_c:main") as caught:
        plugins.program("show")
    assert caught.value.facts["name"] == "show"


def test_a_channel_that_is_no_manifest_is_refused(packages: Packages) -> None:
    packages.install("chan_of_d", "[jangbu.channels]\nodd = chan_of_d:CHANNEL\n", "CHANNEL = 5\n")
    with pytest.raises(ConfigError, match="odd is no Manifest"):
        plugins.channels()


def test_two_packages_with_one_name_are_refused(packages: Packages) -> None:
    packages.install("chan_of_e", "[jangbu.channels]\nodd = chan_of_e:CHANNEL\n")
    packages.install("chan_of_f", "[jangbu.channels]\nodd = chan_of_f:CHANNEL\n")
    with pytest.raises(ConfigError, match="two packages bring odd"):
        plugins.channels()
