"""Parcel keys, couriers' sheets, and matching what couriers send back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jangbu.fulfilment.model import ALPHABET, Parcel, Waiting, is_key, match, parcel_key, sheet_rows
from jangbu.fulfilment.templates import template, templates
from jangbu.infra.tables import read_table, write_csv, write_workbook
from jangbu.kernel.errors import ConfigError, InputError, NotFound


def parcel(number: int, **changes: str) -> Parcel:
    facts = {
        "name": f"Buyer {number}", "phone": f"010-0000-{number:04}", "phone_2": "", "zip_code": f"0{number:04}",
        "address": f"{number} Sample Street", "detail": "Unit 3", "items": "MUG x1", "message": "at the door",
    }  # fmt: skip
    return Parcel(parcel_key(number), pieces=1, **(facts | changes))


def waiting(*numbers: int) -> list[Waiting]:
    return [
        Waiting(p.key, p.name, p.phone, f"{p.address} {p.detail}") for p in (parcel(number) for number in numbers)
    ]


TITLES = ["운송장번호", "받는분성명", "받는분전화번호", "받는분주소", "배송메세지"]


def row(number: int, tracking: str, *, keyed: bool = False) -> list[str]:
    p = parcel(number)
    return [tracking, p.name, p.phone, f"{p.address} {p.detail}", f"at the door [{p.key}]" if keyed else ""]


# -- keys -------------------------------------------------------------------------------------------------


@given(st.integers(0, 20_000_000))
def test_a_key_is_told_from_every_key_with_one_character_wrong(number: int) -> None:
    key = parcel_key(number)
    assert is_key(key)
    for at in range(2, len(key)):
        assert not any(is_key(key[:at] + other + key[at + 1 :]) for other in ALPHABET if other != key[at])


@given(st.integers(0, 20_000_000), st.integers(2, 5))
def test_a_key_is_told_from_one_with_two_neighbours_in_the_wrong_order(number: int, at: int) -> None:
    key = parcel_key(number)
    turned = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
    assert turned == key or not is_key(turned)


def test_keys_differ() -> None:
    assert len({parcel_key(number) for number in range(5_000)}) == 5_000


# -- sheets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(templates(Path("/nowhere"))))
def test_every_sheet_that_comes_with_jangbu_keeps_leading_zeros_and_carries_the_key(name: str) -> None:
    sheet = template(Path("/nowhere"), name)
    assert not sheet.verified, "nobody's real file has confirmed it"
    rows = sheet_rows(sheet, [parcel(7)])
    file = write_workbook(rows) if sheet.format == "xlsx" else write_csv(rows, sheet.encoding)
    back = read_table(file.content)
    assert back[0] == [column.title for column in sheet.columns]
    assert "010-0000-0007" in back[1]
    assert "00007" in back[1]
    assert any(parcel_key(7) in cell for cell in back[1])


def test_a_sellers_own_sheet_replaces_ours_and_a_broken_one_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "couriers"
    folder.mkdir()
    own = 'id = "cj"\ncarrier = "cj"\ntitle = "mine"\nformat = "csv"\nencoding = "cp949"\nverified = true\n'
    (folder / "cj.toml").write_text(f'{own}[[columns]]\ntitle = "이름"\nholds = "name"\n', "utf-8")
    assert template(tmp_path, "cj").title == "mine"
    (folder / "bad.toml").write_text(f'{own}[[columns]]\ntitle = "x"\nholds = "credit_card"\n', "utf-8")
    with pytest.raises(ConfigError) as raised:
        templates(tmp_path)
    assert raised.value.facts["file"] == "bad.toml"
    with pytest.raises(NotFound):
        template(Path("/nowhere"), "pigeon")


def test_what_an_encoding_cannot_carry_is_named_and_replaced_visibly() -> None:
    file = write_csv([["김치 🥬", "plain"]], "cp949")
    assert file.lost == ("🥬",)
    assert file.content.decode("cp949") == "김치 ?,plain\r\n"


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "@SUM(A1)", "-cmd|calc", "+cmd"])
def test_buyers_words_are_never_a_formula(words: str) -> None:
    assert read_table(write_csv([[words, "b"]], "utf-8").content)[0][0] == f"'{words}"
    assert read_table(write_workbook([[words, "b"]]).content)[0][0] == f"'{words}"


def test_a_telephone_number_is_no_formula() -> None:
    assert read_table(write_csv([["+82 10-0000-0000", "b"]], "utf-8").content)[0][0] == "+82 10-0000-0000"


# -- reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_is_read_in_any_usual_encoding(encoding: str, delimiter: str) -> None:
    text = f"운송장번호{delimiter}이름\n612345678901{delimiter}받는분\n"
    assert read_table(text.encode(encoding)) == [["운송장번호", "이름"], ["612345678901", "받는분"]]


@pytest.mark.parametrize("content", [b"PK\x03\x04 no workbook", b"\x81\xff\xfe\x00", b"a\x00b"])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_table(content)


def test_a_table_too_long_is_refused() -> None:
    with pytest.raises(InputError):
        read_table(b"a,b\n" * 20_001)


# -- matching ---------------------------------------------------------------------------------------------


def test_rows_are_matched_by_our_key_wherever_it_stands_and_else_by_the_whole_person() -> None:
    rows = [TITLES, row(1, "612345678901", keyed=True), row(2, "612345678902"), row(3, "")]
    found = match(rows, waiting(1, 2, 3))
    assert [(m.state, m.key) for m in found] == [("ships", parcel_key(1)), ("ships", parcel_key(2)), ("blank", "")]


def test_a_name_alone_is_nobody() -> None:
    rows = [["송장번호", "받는분"], ["612345678901", "Buyer 1"]]
    assert [(m.state, m.why) for m in match(rows, waiting(1))] == [("refused", "result.unknown_parcel")]


def test_masked_names_and_numbers_still_fit() -> None:
    rows = [TITLES, ["612345678901", "Buy** 1", "010-****-0001", "", ""]]
    assert [m.key for m in match(rows, waiting(1, 2))] == [parcel_key(1)]


def test_one_person_with_two_parcels_is_asked_about() -> None:
    two = [Waiting(parcel_key(n), "Buyer 1", "010-0000-0001", "1 Sample Street Unit 3") for n in (8, 9)]
    rows = [TITLES, row(1, "612345678901")]
    (found,) = match(rows, two)
    assert (found.state, set(found.candidates)) == ("doubtful", {parcel_key(8), parcel_key(9)})


@pytest.mark.parametrize(
    ("tracking", "why"), [("12", "result.bad_number"), ("612345678901", "result.number_twice")]
)
def test_a_number_that_cannot_be_is_refused(tracking: str, why: str) -> None:
    rows = [TITLES, row(1, "612345678901"), row(2, tracking)]
    assert match(rows, waiting(1, 2))[1].why == why


def test_a_file_without_titles_is_read_by_what_numbers_look_like() -> None:
    rows = [[f"at the door [{parcel_key(n)}]", f"61234567890{n}"] for n in (1, 2)]
    assert [m.key for m in match(rows, waiting(1, 2))] == [parcel_key(1), parcel_key(2)]


def test_a_file_without_tracking_numbers_says_so() -> None:
    assert [m.why for m in match([["a", "b"], ["c", "d"]], waiting(1))] == ["result.no_tracking_column"]


@given(st.lists(st.integers(1, 60), unique=True, min_size=1, max_size=30), st.randoms(), st.booleans())
def test_shuffled_rows_of_any_layout_find_the_same_parcels(
    numbers: list[int], chance: random.Random, keyed: bool
) -> None:
    order = list(range(len(TITLES)))
    chance.shuffle(order)
    rows = [row(n, f"6{n:011}", keyed=keyed) for n in numbers]
    chance.shuffle(rows)
    table = [[each[i] for i in order] for each in [TITLES, *rows]]
    found = {m.tracking: m.key for m in match(table, waiting(*numbers)) if m.state == "ships"}
    assert found == {f"6{n:011}": parcel_key(n) for n in numbers}
