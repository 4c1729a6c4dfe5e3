"""Reads `.env` files. Owns no meaning of their names and leaves `$` alone: secrets contain it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from jangbu.kernel.errors import ConfigError

_LINE: Final = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
    (?: '(?P<plain>[^']*)' | "(?P<escaped>(?:[^"\\]|\\.)*)" | (?P<bare>[^'"\s#]\S*(?:\s+[^\s#]\S*)*)? )
    \s*(?:\#.*)?""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")


def read_dotenv(file: Path) -> dict[str, str]:
    r"""Read `NAME=value` lines; a file that is not there is empty.

    Shape: bare values end before ` #`; '...' is taken as it stands; in "..." `\"`, `\\` and `\n` are read.
    Errors: ConfigError naming the line, never its content.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file} cannot be read", code="config.file", file=str(file)) from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError(
                f"{file} line {number} is not NAME=value",
                code="config.file_line",
                file=str(file),
                line=number,
            )
        found[match["name"]] = _value(match)
    return found


def _value(match: re.Match[str]) -> str:
    if match["escaped"] is not None:
        return _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], match["escaped"])
    return match["plain"] or match["bare"] or ""
