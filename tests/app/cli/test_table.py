from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jangbu.app.commands.table import KEEP, Column, cells_of, harmless, table, wrap

NAME, NUMBER, LONG = Column("상점"), Column("n", right=True), Column("words", wraps=True)


def test_korean_takes_two_places_and_columns_stay_in_line() -> None:
    lines = table([NAME, NUMBER], [("스마트스토어", "3"), ("Etsy", "12")]).splitlines()
    assert lines == ["상점           n", "────────────────", "스마트스토어   3", "Etsy          12"]
    assert {cells_of(line) for line in lines} == {16}


def test_long_words_go_over_lines_when_the_terminal_is_narrow() -> None:
    shown = table([NAME, LONG], [("Etsy", "one two three four five six")], 22)
    assert shown.splitlines()[2:] == ["Etsy  one two three", "      four five six"]


def test_a_row_that_cannot_fit_becomes_a_card() -> None:
    columns = [NAME, Column("state"), LONG, NUMBER]
    shown = table(columns, [("스마트스토어", "on sale", "달의 위상 목걸이", "12")], 30)
    assert shown.splitlines() == ["스마트스토어  on sale", "  words: 달의 위상 목걸이", "  n 12"]


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    assert table([NAME, LONG], [("Etsy", ""), ("Naver", "")]).splitlines() == ["상점", "─────", "Etsy", "Naver"]


def test_a_title_cannot_steer_the_terminal() -> None:
    assert harmless("cup\x1b[2J\x07\r\n") == "cup [2J   "
    assert "\x1b" not in table([NAME], [("\x1b]0;gone\x07",)])


def test_no_line_is_broken_at_a_kept_space() -> None:
    assert wrap(f"a{KEEP}b c{KEEP}d", 4) == [f"a{KEEP}b", f"c{KEEP}d"]


@given(st.text(st.sampled_from("ab 가나 ㎏é"), max_size=60), st.integers(2, 20))
def test_wrapping_loses_no_letter_and_keeps_to_the_width(text: str, places: int) -> None:
    lines = wrap(text, places)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cells_of(line) <= places for line in lines)
