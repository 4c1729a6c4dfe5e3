"""Owns an emulator's adjustable numbers and switches: known names and types only; it does not act on them."""

from collections.abc import Mapping

type_names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
Value = bool | int | float | str


class Settings:
    """Named values with defaults; a change is checked as a whole before any of it holds."""

    def __init__(self, defaults: Mapping[str, Value]) -> None:
        self._defaults = dict(defaults)
        self._values = dict(defaults)

    def update(self, changes: Mapping[str, object], *, for_good: bool = False) -> None:
        """Sets the named values, until a reset or for good.

        Errors: ValueError naming the value that is unknown or of the wrong type; nothing changes then.
        """
        checked = {name: self._checked(name, value) for name, value in changes.items()}
        self._values.update(checked)
        if for_good:
            self._defaults.update(checked)

    def reset(self) -> None:
        """Back to the defaults."""
        self._values = dict(self._defaults)

    def as_dict(self) -> dict[str, Value]:
        """All values."""
        return dict(self._values)

    def number(self, name: str) -> float:
        """A numeric value."""
        return float(self._values[name])

    def on(self, name: str) -> bool:
        """A switch."""
        return bool(self._values[name])

    def text(self, name: str) -> str:
        """A text."""
        return str(self._values[name])

    def _checked(self, name: str, value: object) -> Value:
        if name not in self._defaults:
            raise ValueError(f"unknown setting {name!r}; one of {', '.join(sorted(self._defaults))}")
        wanted = type(self._defaults[name])
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if type(value) is wanted and isinstance(value, bool | int | float | str):
            if isinstance(value, int | float) and value < 0:
                raise ValueError(f"setting {name!r} must not be negative")
            return value
        raise ValueError(f"setting {name!r} must be {type_names[wanted]}")


COMMON: Mapping[str, Value] = {
    "feed_lag_min_s": 0.2,  # an order appears in the order feed between these two after it was placed
    "feed_lag_max_s": 2.5,
    "restock_delay_max_s": 3.0,  # a cancellation with restock raises the number within this time
    "latency_s": 0.0,  # half of it before and half after the effect of each call
}
