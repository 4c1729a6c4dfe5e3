from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import MakeDatabase, MakeURL

from jangbu.infra.db import Database, ReadTx

PROGRAM = Path(__file__).with_name("writing_program.py")


@pytest.fixture
def url(make_url: MakeURL, make_database: MakeDatabase) -> str:
    url = make_url(upgraded=False)
    database = make_database(url)
    database.write_now(lambda tx: tx.run("CREATE TABLE counter (n BIGINT NOT NULL)"))
    database.write_now(lambda tx: tx.run("INSERT INTO counter VALUES (0)"))
    return url


def started(url: str, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(PROGRAM), url, str(times)], stdout=subprocess.PIPE, text=True)


def counted(tx: ReadTx) -> int:
    return int(tx.all("SELECT n FROM counter")[0][0])


def test_two_processes_may_write_at_once(url: str, make_database: MakeDatabase) -> None:
    programs = [started(url, 200), started(url, 200)]
    told = [program.communicate()[0].split() for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    assert sorted(int(number) for numbers in told for number in numbers) == list(range(1, 401))
    assert make_database(url).read_now(counted) == 400


@pytest.mark.kill
def test_what_was_told_is_kept_when_the_process_is_killed(url: str, make_database: MakeDatabase) -> None:
    program = started(url, 100_000)
    assert program.stdout is not None
    for _ in range(50):
        last = int(program.stdout.readline())
    program.kill()
    rest = program.communicate()[0].split("\n")[:-1]
    told = int(rest[-1]) if rest else last
    assert make_database(url).read_now(counted) in {told, told + 1}


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True)
async def test_a_notice_of_another_process_wakes_this_one(url: str, make_database: MakeDatabase) -> None:
    database = make_database(url)
    wake, other = database.subscribe("counted"), database.subscribe("else")
    program = started(url, 1)
    assert await wake.wait(20)
    assert await database.read(counted) == 1
    assert program.communicate()[0] == "1\n"
    assert not await other.wait(0)


def test_a_file_opened_again_holds_what_was_written(url: str, make_database: MakeDatabase) -> None:
    first = make_database(url)
    first.write_now(lambda tx: tx.run("UPDATE counter SET n = 7"))
    first.close()
    again: Database = make_database(url)
    assert again.read_now(counted) == 7
