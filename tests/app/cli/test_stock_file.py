from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jangbu.app.commands.stock_file import NUMBER_MAX, read_rows, whole_number
from jangbu.kernel.errors import InputError, RowError

GOOD = [(2, "차-1", 3), (3, "B", -4)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_spreadsheet_s_file_is_read_whatever_it_was_saved_as(encoding: str, separator: str, end: str) -> None:
    rows = (("SKU ", "title", "quantity"), ("차-1", "x", "3"), ("B", "", " -4 "))
    text = end.join(separator.join(row) for row in rows)
    assert read_rows(text.encode(encoding), "f", once=True).good == GOOD


def test_every_wrong_row_is_told_with_its_line_and_column() -> None:
    text = 'sku,quantity\n"A\nB",1\n\nC,x\nD,1.5\nE\nF,9999999999\nF,1\nF,2\n'
    rows = read_rows(text.encode(), "f", once=True)
    assert rows.good == [(2, "A\nB", 1), (9, "F", 1)]
    assert [(row.line, row.column, row.code) for row in rows.bad] == [
        (5, "quantity", "input.row_number"), (6, "quantity", "input.row_number"), (7, "*", "input.row_columns"),
        (8, "quantity", "input.number_size"), (10, "sku", "input.row_twice"),
    ]  # fmt: skip
    assert rows.bad[-1] == RowError(10, "sku", "input.row_twice", {"sku": "F", "first": 9})
    assert rows.total == 7


def test_a_sku_may_arrive_in_several_rows_but_is_counted_once() -> None:
    text = b"sku,quantity\nA,1\nA,2\n"
    assert read_rows(text, "f", once=False).good == [(2, "A", 1), (3, "A", 2)]
    assert len(read_rows(text, "f", once=True).bad) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "input.csv_columns"),
        (b"sku;number\nA;1\n", "input.csv_columns"),
        (b"sku,quantity\n\n", "input.csv_empty"),
        (b"PK\x03\x04\x00\x00\xff\xfe\xff", "input.csv_text"),
        (b"sku,quantity\nA,1\x00\n", "input.csv_text"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(data: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        read_rows(data, "f", once=True)
    assert refused.value.code == code


@given(st.lists(st.tuples(st.text("ab가,;\"'\n ", min_size=1, max_size=6), st.integers(-99, 99)), min_size=1))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, int]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("sku", "quantity"), *rows])
    read = read_rows(out.getvalue().encode(), "f", once=False)
    assert [(sku, n) for _, sku, n in read.good] == [(sku.strip(), n) for sku, n in rows]


@given(st.integers(-NUMBER_MAX, NUMBER_MAX))
def test_whole_numbers_are_read(number: int) -> None:
    assert whole_number(f" {number} ") == number


@pytest.mark.parametrize("text", ["", "x", "1.0", "1e3", "٣", "0x1", "1 2", "--1", str(NUMBER_MAX + 1), "9" * 60])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        whole_number(text)
