from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jangbu.infra.dotenv import read_dotenv
from jangbu.kernel.errors import ConfigError


def read(tmp_path: Path, content: str) -> dict[str, str]:
    file = tmp_path / ".env"
    file.write_text(content, encoding="utf-8")
    return read_dotenv(file)


def test_the_usual_lines_are_read(tmp_path: Path) -> None:
    content = """
# a comment
A=1
export B = two words   # and a comment
C='single # "quoted"' # so
D="double \\"quoted\\" \\\\ \\n"
E=
  F=별=#x
"""
    assert read(tmp_path, content) == {
        "A": "1",
        "B": "two words",
        "C": 'single # "quoted"',
        "D": 'double "quoted" \\ \n',
        "E": "",
        "F": "별=#x",
    }


def test_a_dollar_is_only_a_dollar(tmp_path: Path) -> None:
    secret = "$2a$04$EXAMPLE/${HOME}$(x)"
    assert read(tmp_path, f"A={secret}\nB='{secret}'\nC=\"{secret}\"\n") == dict.fromkeys("ABC", secret)


def test_a_file_made_on_windows_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffA=1\r\nB=2\r\n") == {"A": "1", "B": "2"}


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / "none") == {}


@pytest.mark.parametrize("line", ["s3cret", "1A=s3cret", "A='s3cret", 'A="s3cret', "A='s3' cret", "A B=s3"])
def test_another_line_is_refused_by_its_number_alone(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match="line 2") as caught:
        read(tmp_path, f"OK=1\n{line}\n")
    assert "s3" not in f"{caught.value} {caught.value.facts}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_any_text_in_double_quotes_comes_back(tmp_path: Path, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert read(tmp_path, f'A="{quoted}"\n') == {"A": text}
