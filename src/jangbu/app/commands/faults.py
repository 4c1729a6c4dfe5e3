"""Failures as words on stderr and an exit status: 0 done, 1 refused or failed, 2 wrong usage. Owns that one table."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import typer

from jangbu.app.commands.face import Face
from jangbu.app.commands.table import harmless
from jangbu.kernel.errors import AccessError, ChannelError, ConfigError, InputError, JangbuError, RowErrors, StateError

EXITS: Final[tuple[tuple[type[JangbuError], int], ...]] = (
    (RowErrors, 1),
    (InputError, 2),
    (StateError, 1),
    (AccessError, 1),
    (ConfigError, 1),
    (ChannelError, 1),
    (JangbuError, 1),
)
USAGE: Final = 2
INTERRUPTED: Final = 130
ROWS_SHOWN: Final = 50
WHOLE_ROW: Final = "*"


def exit_of(error: JangbuError) -> int:
    """Give the exit status of a failure."""
    return next(status for kind, status in EXITS if isinstance(error, kind))


def guarded(run: Callable[[], Any], face: Face) -> int:
    """Run a command; turn what it raises into words and a status. Mistakes of ours still crash."""
    try:
        done = run()
    except JangbuError as error:
        tell(error, face)
        return exit_of(error)
    except typer.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if usage := as_usage(error):
            tell(usage, face)
            return USAGE
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            return USAGE
        raise
    return done if isinstance(done, int) else 0


def as_usage(error: Exception) -> InputError | None:
    """Read typer's complaint about arguments, whose classes it keeps private, by their names."""
    kind, ctx, param = type(error).__name__, getattr(error, "ctx", None), getattr(error, "param", None)
    name = str(getattr(error, "option_name", "") or (param.get_error_hint().strip("'") if param else ""))
    codes = {
        "MissingParameter": "usage.missing", "NoSuchOption": "usage.no_option", "BadParameter": "usage.bad_value",
        "BadOptionUsage": "usage.missing", "UsageError": "usage.other", "BadArgumentUsage": "usage.other",
    }  # fmt: skip
    if kind not in codes:
        return None
    command = ctx.command_path if ctx else "jangbu"
    return InputError(str(error), code=codes[kind], name=name, command=command)


def tell(error: JangbuError, face: Face) -> None:
    """Print what failed, how to mend it and whose turn it is."""
    lang = _language(face)
    try:
        lines = [*_rows(error, lang)] if isinstance(error, RowErrors) else []
        lines += told(error.code, error.told, lang)
    except ConfigError as without_words:  # the catalogue itself is what is broken
        lines = [str(error), str(without_words)]
    print("\n".join(harmless(line) for line in lines), file=sys.stderr)


def told(code: str, facts: Mapping[str, object], lang: str) -> list[str]:
    """Set a failure in lines: the sentence, the steps, who must act."""
    from jangbu.infra.i18n import catalogue, fault  # noqa: PLC0415 - the CLI loads lazily

    said = fault(code, facts, lang)
    who = catalogue().text("cli.who", lang, who=said.who, mark=code)
    return [said.what, *(f"  → {step}" for step in said.steps), f"  {who}"]


def _rows(error: RowErrors, lang: str) -> list[str]:
    from jangbu.infra.i18n import catalogue, fault  # noqa: PLC0415 - the CLI loads lazily

    texts = catalogue()
    lines = [
        texts.text(
            "cli.row_whole" if row.column == WHOLE_ROW else "cli.row", lang,
            line=row.line, column=row.column, what=fault(row.code, row.facts, lang).what,
        )
        for row in error.rows[:ROWS_SHOWN]
    ]  # fmt: skip
    left = len(error.rows) - len(lines)
    return [*lines, *([texts.text("cli.more_rows", lang, left=left)] if left else [])]


def _language(face: Face) -> str:
    try:
        return face.language
    except ConfigError:
        return face.surest_language
