from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jangbu.infra.setting_values import without_password
from jangbu.infra.settings import HIDDEN, Settings
from jangbu.kernel.errors import ConfigError


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    folder = tmp_path / "cwd"
    folder.mkdir()
    return folder


def load(cwd: Path, **env: str) -> Settings:
    return Settings.load({"HOME": str(cwd.parent / "user"), **env}, cwd)


def refused(cwd: Path, **env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(cwd, **env)
    return str(caught.value)


def test_nothing_given_starts_on_sqlite_in_a_private_folder(cwd: Path) -> None:
    settings = load(cwd)
    home = cwd.parent / "user" / ".jangbu"
    assert settings.home == home
    assert home.stat().st_mode & 0o777 == 0o700
    assert settings.database_url == f"sqlite:///{home}/hub.sqlite3"
    assert settings.master_key is None
    assert settings.master_key_file == home / "master.key"
    assert (settings.profile, settings.host, settings.port) == ("live", "127.0.0.1", 9700)
    assert settings.etsy_api_url == "https://api.etsy.com"
    assert settings.etsy_auth_url == "https://www.etsy.com"
    assert settings.naver_api_url == "https://api.commerce.naver.com"


def test_the_environment_beats_the_env_file_which_beats_the_toml_file(cwd: Path) -> None:
    (cwd / "jangbu.toml").write_text('host = "10.0.0.1"\nport = 1\nlanguage = "ko"\n')
    (cwd / ".env").write_text("JANGBU_HOST=10.0.0.2\nJANGBU_PORT=2\nETSY_KEYSTRING=of-others\n")
    settings = load(cwd, JANGBU_PORT="3", OTHER="x", JANGBU_TEST_DATABASE_URL="postgresql://t")
    assert (settings.language, settings.host, settings.port) == ("ko", "10.0.0.2", 3)
    told = {name: origin for name, _, origin, _ in settings.describe()}
    assert told["JANGBU_LANGUAGE"] == "jangbu.toml"
    assert told["JANGBU_HOST"] == ".env"
    assert told["JANGBU_PORT"] == "environment"
    assert told["JANGBU_TIME_ZONE"] == "default"


def test_an_empty_value_counts_as_not_given(cwd: Path) -> None:
    (cwd / ".env").write_text("JANGBU_PORT=2\n")
    assert load(cwd, JANGBU_PORT="").port == 2


@pytest.mark.parametrize(
    ("lang", "language"), [("ko_KR.UTF-8", "ko"), ("en_US.UTF-8", "en"), ("C.UTF-8", "en"), ("de_DE", "en")]
)
def test_the_language_follows_the_machine(cwd: Path, lang: str, language: str) -> None:
    assert load(cwd, LANG=lang).language == language
    assert load(cwd, LANG=lang, JANGBU_LANGUAGE="KO").language == "ko"


def test_every_setting_has_a_name_an_origin_and_help(cwd: Path) -> None:
    rows = load(cwd).describe()
    assert len(rows) == 16
    assert all(name.startswith("JANGBU_") and origin and help_text for name, _, origin, help_text in rows)


def test_secrets_are_shown_nowhere(cwd: Path) -> None:
    settings = load(
        cwd,
        JANGBU_MASTER_KEY="top-s3cret",
        JANGBU_DATABASE_URL="postgresql://me:s3cret@db/hub?sslpassword=s3cret",
    )
    shown = {name: value for name, value, _, _ in settings.describe()}
    assert shown["JANGBU_MASTER_KEY"] == HIDDEN
    assert shown["JANGBU_DATABASE_URL"] == "postgresql://me:***@db/hub?***"
    assert "s3cret" not in f"{settings!r} {settings} {shown}"
    assert settings.master_key is not None
    assert settings.master_key.reveal() == "top-s3cret"


@given(st.text("abcXYZ019.~$-_%:/?#[]@", max_size=12), st.text("abc$%:@/", max_size=8))
def test_an_address_is_never_shown_with_its_password(password: str, user: str) -> None:
    assert "s3cret" not in without_password(f"postgresql://{user}:s3cret{password}@db/hub")
    assert "s3cret" not in without_password(f"postgresql://db/hub?password=s3cret{password}")


def test_an_address_without_password_is_shown_whole() -> None:
    for address in ("sqlite:////home/a@b/hub.sqlite3", "postgresql://me@db:5432/hub", "https://[::1]:9"):
        assert without_password(address) == address


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JANGBU_PORT", "ninety", ["ninety", "0 to 65535"]),
        ("JANGBU_PORT", "65536", ["65536"]),
        ("JANGBU_PROFILE", "test", ["test", "live or dev"]),
        ("JANGBU_LANGUAGE", "fr", ["fr", "en or ko"]),
        ("JANGBU_LOG_LEVEL", "loud", ["loud", "debug or info"]),
        ("JANGBU_TIME_ZONE", "Seoul", ["Seoul", "Asia/Seoul"]),
        ("JANGBU_TIME_ZONE", "../etc/passwd", ["Asia/Seoul"]),
        ("JANGBU_ETSY_API_URL", "http://api.etsy.com", ["http://api.etsy.com", "https"]),
        ("JANGBU_ETSY_API_URL", "https://api.etsy.com/v3", ["scheme and host alone"]),
        ("JANGBU_NAVER_API_URL", "api.commerce.naver.com", ["scheme and host alone"]),
        ("JANGBU_ETSY_AUTH_URL", "https://www.etsy.com:port", ["an address"]),
        ("JANGBU_PUBLIC_URL", "ftp://hub.example.com", ["https"]),
        ("JANGBU_PUBLIC_URL", "http://192.168.0.5:9700", ["only to this machine"]),
    ],
)
def test_a_bad_value_is_told_with_what_is_allowed(cwd: Path, name: str, value: str, words: list[str]) -> None:
    told = refused(cwd, **{name: value})
    assert name in told
    assert all(word in told for word in words)


def test_a_bad_hidden_value_is_told_without_it(cwd: Path) -> None:
    told = refused(cwd, JANGBU_DATABASE_URL="mysql://me:s3cret@db/hub")
    assert "JANGBU_DATABASE_URL" in told
    assert "s3cret" not in told
    assert "s3cret" not in refused(cwd, JANGBU_PUBLIC_URL="https://me:s3cret@hub.example.com")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("JANGBU_DATABASE", "JANGBU_DATABASE_URL"), ("JANGBU_PROT", "JANGBU_PORT"), ("JANGBU_ZZZ", "JANGBU_")],
)
def test_an_unknown_setting_is_refused_with_the_nearest_name(cwd: Path, name: str, nearest: str) -> None:
    told = refused(cwd, **{name: "1"})
    assert name in told
    assert nearest in told.partition("nearest is ")[2]
    (cwd / ".env").write_text(f"{name}=1\n")
    assert ".env" in refused(cwd)
    (cwd / ".env").unlink()
    (cwd / "jangbu.toml").write_text(f"{name.removeprefix('JANGBU_').lower()} = 1\n")
    assert "jangbu.toml" in refused(cwd)


def test_profile_dev_stays_on_this_machine(cwd: Path) -> None:
    settings = load(cwd, JANGBU_PROFILE="dev", JANGBU_ETSY_API_URL="http://localhost:5/")
    assert settings.etsy_api_url == "http://localhost:5"
    assert settings.etsy_auth_url == "http://127.0.0.1:9101"
    assert settings.naver_api_url == "http://127.0.0.1:9102"
    told = refused(cwd, JANGBU_PROFILE="dev", JANGBU_NAVER_API_URL="https://api.commerce.naver.com")
    assert "JANGBU_NAVER_API_URL" in told
    assert load(cwd, JANGBU_ETSY_API_URL="http://[::1]:9101").etsy_api_url == "http://[::1]:9101"


@pytest.mark.parametrize("content", ["port = ", "port = true", "port = [1]", "host = 1.5", "\xff"])
def test_a_toml_file_out_of_order_is_refused(cwd: Path, content: str) -> None:
    (cwd / "jangbu.toml").write_text(content, encoding="latin-1")
    refused(cwd)


def test_a_home_that_cannot_be_made_is_told(cwd: Path) -> None:
    (cwd / "file").write_text("")
    assert "JANGBU_HOME" in refused(cwd, JANGBU_HOME=str(cwd / "file" / "home"))
