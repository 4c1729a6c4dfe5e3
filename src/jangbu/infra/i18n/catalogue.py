"""Sentences by stable code in every language. Owns no wording: that is in the `.po` files beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Self

from babel.messages.pofile import PoFileError, read_po

from jangbu.kernel.errors import ConfigError

LANGUAGES: Final = ("en", "ko")
FOLDER: Final = Path(__file__).parent / "texts"
_FALLBACK: Final = "en"


class _Fields(dict[str, object]):
    """Fields for a sentence; one that was not given stays visible as `{name}`."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


class Catalogue:
    """All sentences, read once."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Take language → code → sentence with `{named}` fields."""
        self._texts = texts

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Self:
        """Read every `<name>.<language>.po` in a folder.

        Errors: ConfigError when a file is not in order or a code stands in two files.
        """
        texts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
        where: dict[tuple[str, str], str] = {}
        for file in sorted(folder.glob("*.*.po")):
            language = file.suffixes[-2].removeprefix(".")
            for code, text in read_file(file).items():
                if (first := where.setdefault((language, code), file.name)) != file.name:
                    raise ConfigError(f"{code} stands in {first} and {file.name}", code="texts.twice", name=code)
                texts.setdefault(language, {})[code] = text
        return cls(texts)

    def text(self, code: str, lang: str, **fields: object) -> str:
        """Give the sentence of a code; English when the language lacks it, the code itself when all do."""
        sentence = self._texts.get(lang, {}).get(code) or self._texts[_FALLBACK].get(code)
        return code if sentence is None else sentence.format_map(_Fields(fields))

    def has(self, code: str, lang: str = _FALLBACK) -> bool:
        """Tell whether a code has a sentence of its own in a language."""
        return code in self._texts.get(lang, {})

    def codes(self, lang: str) -> frozenset[str]:
        """List the codes a language has."""
        return frozenset(self._texts.get(lang, {}))

    def raw(self, code: str, lang: str) -> str:
        """Give a sentence with its fields unfilled."""
        return self._texts[lang][code]


def read_file(file: Path) -> dict[str, str]:
    """Read one `.po` file: its codes with their sentences, in the file's order."""
    try:
        with file.open("rb") as stream:
            messages = [message for message in read_po(stream, abort_invalid=True) if message.id]
    except PoFileError as error:
        raise ConfigError(f"{file.name} is not in order: {error}", code="texts.file", name=file.name) from error
    found: defaultdict[str, str] = defaultdict(str)
    for message in messages:
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string:
            found[message.id] = message.string
    return dict(found)


@cache
def catalogue() -> Catalogue:
    """Give the sentences that come with Jangbu."""
    return Catalogue.read()
