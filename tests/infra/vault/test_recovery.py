"""The recovery sheet: what was written down opens the vault again, and a slip of the pen is noticed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from jangbu.infra.settings import Settings
from jangbu.infra.vault import Vault, groups_of, load_master_key, same_group
from jangbu.infra.vault.recovery import GROUP, GROUPS, key_of, looks_written
from jangbu.kernel.errors import ConfigError

KEY = Fernet.generate_key()


@given(st.binary(min_size=32, max_size=32))
def test_what_is_written_down_is_the_key(raw: bytes) -> None:
    from base64 import urlsafe_b64encode  # noqa: PLC0415 - the one use

    key = urlsafe_b64encode(raw)
    groups = groups_of(key)
    assert (len(groups), {len(group) for group in groups}) == (GROUPS, {GROUP})
    assert key_of(" ".join(groups)) == key


@pytest.mark.parametrize("spaced", ["{0}", "{0}\n", " {0} "])
def test_however_it_is_typed_it_is_the_same(spaced: str) -> None:
    for joined in (" ".join(groups_of(KEY)), "-".join(groups_of(KEY)).lower(), "".join(groups_of(KEY))):
        assert looks_written(spaced.format(joined))
        assert key_of(spaced.format(joined).replace("0", "O").replace("1", "l")) == KEY


def test_a_slip_of_the_pen_is_noticed() -> None:
    text = "".join(groups_of(KEY))
    slips = random.Random(7)
    for _ in range(200):
        at, sign = slips.randrange(len(text)), slips.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        if text[at] != sign:
            with pytest.raises(ConfigError) as refused:
                key_of(text[:at] + sign + text[at + 1 :])
            assert refused.value.code == "vault.recovery_form"
    with pytest.raises(ConfigError):
        key_of("*" + text[1:])


def test_two_groups_are_compared_kindly() -> None:
    assert same_group(" a0bc ", "A0BC")
    assert same_group("aobc", "A0BC")
    assert not same_group("A0BD", "A0BC")
    assert not same_group("", "A0BC")


def test_the_sheet_opens_what_the_key_file_sealed(tmp_path: Path) -> None:
    settings = Settings.load({"JANGBU_HOME": str(tmp_path)}, tmp_path)
    vault = Vault(load_master_key(settings))
    key = vault.new_data_key("shop")
    sealed = vault.seal(key, b"token", "here")
    groups = " ".join(groups_of(load_master_key(settings)))
    settings.master_key_file.unlink()
    for env in ({"JANGBU_MASTER_KEY": groups}, {}):
        if not env:
            settings.master_key_file.write_text(groups + "\n", "utf-8")
        again = Settings.load({"JANGBU_HOME": str(tmp_path), **env}, tmp_path)
        assert Vault(load_master_key(again, create=False)).open_bytes(key, sealed, "here") == b"token"


def test_what_is_no_key_has_no_groups() -> None:
    for bad in (b"", b"short", b"\xff" * 44):
        with pytest.raises(ConfigError):
            groups_of(bad)
