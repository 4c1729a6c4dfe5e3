from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from jangbu.infra.settings import Settings
from jangbu.infra.vault import SealedKey, Vault, load_master_key
from jangbu.kernel.errors import ConfigError, StateError

MASTER = Fernet.generate_key()
VAULT = Vault(MASTER)
KEY = VAULT.new_data_key("shop_1")


@given(st.text(), st.text(max_size=50))
def test_what_is_sealed_opens_at_its_place(text: str, context: str) -> None:
    sealed = VAULT.seal(KEY, text.encode(), context)
    assert VAULT.open(KEY, sealed, context).reveal() == text


@given(st.binary())
def test_bytes_that_are_no_text_open_too(plaintext: bytes) -> None:
    assert VAULT.open_bytes(KEY, VAULT.seal(KEY, plaintext, "x"), "x") == plaintext


def test_nothing_readable_is_left_outside(capsys: pytest.CaptureFixture[str]) -> None:
    sealed = VAULT.seal(KEY, b"s3cret", "grant/token/shop_1")
    opened = VAULT.open(KEY, sealed, "grant/token/shop_1")
    print(opened, f"{opened!r} {opened:>20}", VAULT, KEY)  # noqa: T201 - what a careless log would hold
    out = capsys.readouterr().out
    assert b"s3cret" not in sealed
    assert b"shop_1" not in sealed + KEY
    assert "s3cret" not in out
    assert MASTER.decode() not in out


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_value_moved_to_another_place_does_not_open(there: str, here: str) -> None:
    sealed = VAULT.seal(KEY, b"x", there)
    if there == here:
        assert VAULT.open(KEY, sealed, here).reveal() == "x"
        return
    with pytest.raises(StateError) as caught:
        VAULT.open(KEY, sealed, here)
    assert caught.value.code == "vault.moved"


def test_a_place_and_a_value_cannot_flow_into_each_other() -> None:
    sealed = VAULT.seal(KEY, b"b/secret", "a")
    with pytest.raises(StateError):
        VAULT.open(KEY, sealed, "ab/")


def test_a_value_under_another_data_key_does_not_open() -> None:
    with pytest.raises(StateError) as caught:
        VAULT.open(VAULT.new_data_key("shop_2"), VAULT.seal(KEY, b"x", "c"), "c")
    assert caught.value.code == "vault.other_key"


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(KEY, b"x", "c"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 127))
    with pytest.raises(StateError):
        VAULT.open(KEY, bytes(sealed), "c")


def test_bits_that_decoding_ignores_are_noticed_too() -> None:
    sealed = VAULT.seal(KEY, b"x", "c")
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = len(sealed.rstrip(b"=")) - 1
    same = letters[letters.index(sealed[last]) ^ 1] if sealed.endswith(b"=") else sealed[last] ^ 1
    with pytest.raises(StateError):
        VAULT.open(KEY, sealed[:last] + bytes([same]) + sealed[last + 1 :], "c")


def test_another_master_key_is_told_in_a_sentence() -> None:
    other = Vault(Fernet.generate_key())
    for attempt in (lambda: other.seal(KEY, b"x", "c"), lambda: other.scope_of(KEY)):
        with pytest.raises(ConfigError, match="its own master key") as caught:
            attempt()
        assert caught.value.code == "vault.master_key"
        assert MASTER.decode() not in str(caught.value)


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 44, MASTER[:-2]], ids=["none", "short", "text", "cut"])
def test_a_master_key_of_another_form_is_refused_unseen(key: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        Vault(key)
    assert caught.value.code == "vault.master_key_form"
    assert caught.value.__suppress_context__


def test_the_master_key_can_change_without_touching_a_value() -> None:
    sealed = VAULT.seal(KEY, b"x", "c")
    newer = Fernet.generate_key()
    during = Vault(newer, MASTER)
    assert during.open(KEY, sealed, "c").reveal() == "x"
    assert during.needs_rewrap(KEY)
    moved = during.rewrap(KEY)
    assert not during.needs_rewrap(moved)
    assert during.rewrap(moved) == moved
    after = Vault(newer)
    assert after.open(moved, sealed, "c").reveal() == "x"
    assert after.scope_of(moved) == "shop_1"
    with pytest.raises(ConfigError):
        after.open(KEY, sealed, "c")


def test_a_damaged_data_key_is_told() -> None:
    for broken in (b"", b"k1", KEY[:-4] + b"AAAA", KEY.replace(b"k1", b"v1")):
        with pytest.raises(StateError) as caught:
            VAULT.scope_of(SealedKey(broken))
        assert caught.value.code == "vault.damaged"


def settings(tmp_path: Path, **env: str) -> Settings:
    return Settings.load({"HOME": str(tmp_path), **env}, tmp_path)


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    first = load_master_key(settings(tmp_path))
    file = tmp_path / ".jangbu" / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_master_key(settings(tmp_path)) == first
    assert [each.name for each in file.parent.iterdir()] == ["master.key"]
    Vault(first)


def test_many_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    chosen, together = settings(tmp_path), threading.Barrier(8)
    keys: list[bytes] = []

    def start() -> None:
        together.wait(10)
        keys.append(load_master_key(chosen))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_in_the_settings_needs_no_file(tmp_path: Path) -> None:
    assert load_master_key(settings(tmp_path, JANGBU_MASTER_KEY=MASTER.decode())) == MASTER
    assert not (tmp_path / ".jangbu" / "master.key").exists()


def test_a_key_that_is_missing_is_told_when_none_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"master\.key"):
        load_master_key(settings(tmp_path), create=False)
    with pytest.raises(ConfigError, match="none"):
        load_master_key(settings(tmp_path, JANGBU_MASTER_KEY_FILE=str(tmp_path / "none" / "key")))
