from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import jangbu.infra
from jangbu.infra.i18n import LANGUAGES, Catalogue, catalogue
from jangbu.infra.i18n.catalogue import FOLDER
from jangbu.kernel.errors import ConfigError
from jangbu.kernel.secret import Secret

CODE = re.compile(r'"((?:config|database|vault|plugin|texts)\.[a-z_]+)"')
SOURCES = Path(jangbu.infra.__file__).parent


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_every_language_has_the_same_codes() -> None:
    assert catalogue().codes("en")
    assert catalogue().codes("ko") == catalogue().codes("en")


def test_every_language_has_the_same_fields_in_a_sentence() -> None:
    differing = [
        code
        for code in catalogue().codes("en")
        if len({frozenset(fields(catalogue().raw(code, lang))) for lang in LANGUAGES}) > 1
    ]
    assert differing == []


def test_a_field_is_a_plain_name() -> None:
    odd = [
        (lang, code)
        for lang in LANGUAGES
        for code in catalogue().codes(lang)
        if any(not name.isidentifier() for name in fields(catalogue().raw(code, lang)))
    ]
    assert odd == []


def test_every_file_comes_in_every_language() -> None:
    stems = {lang: {file.name.split(".")[0] for file in FOLDER.glob(f"*.{lang}.po")} for lang in LANGUAGES}
    assert stems["en"] == stems["ko"]
    assert stems["en"]


def test_every_error_of_infra_has_a_sentence() -> None:
    sources = [file.read_text(encoding="utf-8") for file in SOURCES.rglob("*.py")]
    codes = {code for source in sources for code in CODE.findall(source)}
    assert codes
    assert {code for code in codes if not catalogue().has(f"error.{code}.what")} == set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "a.en.po", hello="Hello {name}", only_english="Only English")
    write(tmp_path / "a.ko.po", hello="{name}님 안녕하세요")
    return tmp_path


def write(file: Path, **texts: str) -> None:
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    entries = (f'\nmsgid "{code}"\nmsgstr "{text}"\n' for code, text in texts.items())
    file.write_text(header + "".join(entries), encoding="utf-8")


def test_a_sentence_is_filled_in_the_language_asked_for(folder: Path) -> None:
    read = Catalogue.read(folder)
    assert read.text("hello", "en", name="별") == "Hello 별"
    assert read.text("hello", "ko", name="별") == "별님 안녕하세요"


def test_a_missing_sentence_falls_back_to_english_and_then_to_its_code(folder: Path) -> None:
    read = Catalogue.read(folder)
    assert read.text("only_english", "ko") == "Only English"
    assert read.text("hello", "fr", name="x") == "Hello x"
    assert read.text("nowhere", "ko", name="x") == "nowhere"


def test_a_field_not_given_stays_visible_and_a_secret_hidden(folder: Path) -> None:
    read = Catalogue.read(folder)
    assert read.text("hello", "en") == "Hello {name}"
    assert "s3cret" not in read.text("hello", "en", name=Secret("s3cret"))
    assert read.text("hello", "en", name="{name.__class__}") == "Hello {name.__class__}"


def test_more_files_are_merged_but_a_code_stands_in_one(folder: Path) -> None:
    write(folder / "b.en.po", bye="Bye")
    assert Catalogue.read(folder).text("bye", "en") == "Bye"
    write(folder / "c.en.po", hello="Hello again")
    with pytest.raises(ConfigError, match=r"a\.en\.po and c\.en\.po"):
        Catalogue.read(folder)


def test_a_file_out_of_order_is_told(folder: Path) -> None:
    (folder / "d.en.po").write_text('msgid "x"\nmsgstr "y\nz', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"d\.en\.po"):
        Catalogue.read(folder)
