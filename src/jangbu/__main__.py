"""The program `jangbu`. Owns only what to say when the hub's part of the package is not installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

_MISSING = (
    'The hub is not installed here: pip install "jangbu[hub]"\n'
    '장부 허브가 설치되어 있지 않습니다: pip install "jangbu[hub]"'
)


def main() -> int:
    """Run the command line; the sandbox also runs where it alone is installed."""
    if find_spec("typer") is not None:
        from jangbu.app.cli import main as hub  # noqa: PLC0415 - only where the hub is installed

        return hub()
    if sys.argv[1:2] == ["sandbox"]:
        from jangbu.infra.plugins import program  # noqa: PLC0415 - the same

        return int(program("sandbox")(sys.argv[2:]))
    print(_MISSING, file=sys.stderr)  # noqa: T201 - there is nothing else to speak through
    return 2


if __name__ == "__main__":
    sys.exit(main())
