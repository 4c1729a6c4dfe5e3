"""Stops calling a far side that keeps failing. Owns no retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import ChannelError, OutcomeUnknown, Throttled, Transient

FAILURES = 5
OPEN_S = 5.0
OPEN_S_MAX = 60.0


class Circuit:
    """Opens for 5 s after 5 failures in a row, then lets one probe pass; each failed one doubles it to 60 s.

    A failure is a call whose answer did not come or was a fault of the far side's machinery. Refusals by a
    limit are neither failure nor success.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        """Start closed; `name` is shown in the error."""
        self._name = name
        self._clock = clock
        self._failures = 0
        self._open_s = OPEN_S
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Tell whether calls other than a probe are refused."""
        return self._open_until is not None

    @contextmanager
    def passing(self) -> Iterator[bool]:
        """Let one call pass and watch what becomes of it; give whether it is a probe.

        Errors: Transient (channel.circuit_open) at once.
        """
        probe = self._enter()
        try:
            yield probe
        except Throttled:
            raise
        except (Transient, OutcomeUnknown):
            self._failed(probe=probe)
            raise
        except ChannelError:  # it answered: the far side works
            self._close()
            raise
        else:
            self._close()
        finally:
            if probe:
                self._probing = False

    def recheck(self, *, probe: bool) -> None:
        """Refuse a call that waited while the circuit opened. Errors: as `passing`."""
        if self._open_until is not None and not probe:
            raise self._refusal(self._open_until)

    def _enter(self) -> bool:
        if self._open_until is None:
            return False
        if self._probing or self._clock.monotonic() < self._open_until:
            raise self._refusal(self._open_until)
        self._probing = True
        return True

    def _failed(self, *, probe: bool) -> None:
        self._failures += 1
        if probe:
            self._open_s = min(self._open_s * 2, OPEN_S_MAX)
        if probe or (self._failures >= FAILURES and self._open_until is None):
            self._open_until = self._clock.monotonic() + self._open_s

    def _close(self) -> None:
        self._failures = 0
        self._open_s = OPEN_S
        self._open_until = None

    def _refusal(self, open_until: float) -> Transient:
        wait_s = max(1, round(open_until - self._clock.monotonic()))
        return Transient(
            f"{self._name} keeps failing: no calls for {wait_s} s", code="channel.circuit_open", wait_s=wait_s
        )
