"""Finds channels and programs by entry point, ours and third parties' alike. Owns none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Final

from jangbu.kernel.errors import ConfigError, InputError
from jangbu.sdk.manifest import Manifest

_CHANNELS: Final = "jangbu.channels"
_PROGRAMS: Final = "jangbu.programs"


@cache
def channels() -> MappingProxyType[str, Manifest]:
    """Load every installed channel, by name.

    Errors: ConfigError naming a package that cannot be loaded or takes a name twice.
    """
    found = {name: _load(point) for name, point in _installed(_CHANNELS).items()}
    for name, manifest in found.items():
        if not isinstance(manifest, Manifest):
            raise ConfigError(f"channel {name} is no Manifest", code="plugin.broken", name=name, group=_CHANNELS)
    return MappingProxyType(found)


def channel(name: str) -> Manifest:
    """Give one channel.

    Errors: InputError naming the known ones.
    """
    known = channels()
    if name not in known:
        raise _unknown(name, list(known))
    return known[name]


def program(name: str) -> Callable[..., Any]:
    """Load a program that comes with an extra, such as the sandbox.

    Errors: InputError naming the known ones; ConfigError when what it needs is not installed.
    """
    installed = _installed(_PROGRAMS)
    if name not in installed:
        raise _unknown(name, list(installed))
    loaded: Callable[..., Any] = _load(installed[name])
    return loaded


def _installed(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        if found.setdefault(point.name, point).value != point.value:
            raise ConfigError(
                f"two packages bring {point.name}: {found[point.name].value} and {point.value}",
                code="plugin.twice",
                name=point.name,
                group=group,
            )
    return dict(sorted(found.items()))


def _load(point: EntryPoint) -> Any:  # noqa: ANN401 - whatever the entry point names
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{point.value} cannot be loaded: {error}",
            code="plugin.broken",
            name=point.name,
            group=point.group,
        ) from error


def _unknown(name: str, known: list[str]) -> InputError:
    return InputError(
        f"{name} is not known here; known are {', '.join(known) or 'none'}",
        code="plugin.unknown",
        name=name,
        known=", ".join(known),
    )
