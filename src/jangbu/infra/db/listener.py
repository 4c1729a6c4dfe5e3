"""Carries notices between processes on PostgreSQL. Owns one connection and one thread; keeps no notice."""

from __future__ import annotations

import secrets
import threading
from typing import Any, Final

import psycopg

from jangbu.infra.db.postgres_connect import Connection, Server
from jangbu.infra.db.wake import Wakes
from jangbu.kernel.errors import ConfigError

_CHANNEL: Final = "jangbu"
_LOOK_UP_S: Final = 5.0
_PAUSE_S: Final = 1.0


class Listener:
    """Hears the notices of other processes and hands them to the wakes of this one."""

    def __init__(self, server: Server, wakes: Wakes) -> None:
        """Do nothing until `start`."""
        self._server = server
        self._wakes = wakes
        self._me = secrets.token_hex(8)  # our own notices reach our wakes without the detour
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def tell(self, cursor: psycopg.Cursor[Any], topic: str) -> None:
        """Send a notice with the transaction of `cursor`."""
        cursor.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, f"{self._me} {topic}"))

    def start(self) -> None:
        """Listen from now on; a notice committed after this returns is heard.

        Repeat: the second call does nothing.
        """
        with self._lock:
            if self._thread is None:
                connection = self._listen()
                self._thread = threading.Thread(
                    target=self._work, args=(connection,), name="postgresql-listener", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._thread is None:
            return
        try:
            with self._server.connect() as connection:  # a notice to ourselves ends the wait at once
                self.tell(connection.cursor(), "")
        except ConfigError:
            pass  # the server is gone; the listener looks up by itself soon
        self._thread.join()

    def _listen(self) -> Connection:
        connection = self._server.connect()
        connection.execute(f"LISTEN {_CHANNEL}".encode())
        return connection

    def _work(self, connection: Connection) -> None:
        while not self._stop.is_set():
            try:
                with connection:
                    self._hear(connection)
            except psycopg.OperationalError:
                again = self._reconnect()
                if again is None:
                    return
                connection = again

    def _hear(self, connection: Connection) -> None:
        while not self._stop.is_set():
            for notice in connection.notifies(timeout=_LOOK_UP_S, stop_after=1):
                sender, _, topic = notice.payload.partition(" ")
                if sender != self._me:
                    self._wakes.set([topic])

    def _reconnect(self) -> Connection | None:
        while not self._stop.is_set():
            try:
                connection = self._listen()
            except (ConfigError, psycopg.OperationalError):
                self._stop.wait(_PAUSE_S)
            else:
                self._wakes.set_all()  # whatever was said meanwhile was missed
                return connection
        return None
