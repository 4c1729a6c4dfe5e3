"""Finds the master key, or makes the first one. Owns the key file and nothing sealed with it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from jangbu.infra.settings import Settings
from jangbu.infra.vault import recovery
from jangbu.kernel.errors import ConfigError


def load_master_key(settings: Settings, *, create: bool = True) -> bytes:
    """Give the master key: the setting's, else the file's, which is made at the first start.

    What stands on a recovery sheet is taken as well as the key itself.
    Repeat: several processes at a first start end with the same key.
    Errors: ConfigError when there is none and `create` is False, or the file cannot be used.
    """
    if settings.master_key:
        return _read(settings.master_key.reveal())
    file = settings.master_key_file
    try:
        if create and not file.exists():
            _create(file)
        return _read(file.read_text("utf-8", "replace"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"the master key file {file} cannot be used: {reason}",
            code="vault.master_key_file",
            file=str(file),
        ) from error


def _read(text: str) -> bytes:
    """Take a key as it stands in a key file, or as it stands on a recovery sheet."""
    return recovery.key_of(text) if recovery.looks_written(text) else text.strip().encode()


def _create(file: Path) -> None:
    # Written whole under another name and then linked, so that whoever comes second finds a complete key.
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(Fernet.generate_key() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, file)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink()
