from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from tests.conftest import MakeDatabase, MakeURL

from jangbu.infra.db import Database, migrate
from jangbu.kernel.errors import ConfigError

FIRST = """
revision: str = "0001"
down_revision: str | None = None
def upgrade() -> None:
    from alembic import op
    op.execute("CREATE TABLE first (n BIGINT PRIMARY KEY)")
    op.execute("INSERT INTO first VALUES (1)")
"""
SECOND = """
revision = '0002'
down_revision = '0001'
def upgrade() -> None:
    from alembic import op
    op.execute("CREATE TABLE second (n BIGINT REFERENCES first)")
"""
BROKEN = SECOND + '    op.execute("CREATE TABLE first (n BIGINT)")\n'


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations %s"
    (folder / "versions").mkdir(parents=True)
    shutil.copyfile(migrate.SCRIPTS / "env.py", folder / "env.py")
    (folder / "versions" / "0001_first.py").write_text(FIRST)
    return folder


@pytest.fixture(params=[False, True], ids=["threads", "inline"])
def empty(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Database:
    return make_database(upgraded=False, inline=request.param)


def upgrade(database: Database, scripts: Path) -> None:
    migrate.upgrade(database.schema_version(), database._store, scripts)


def test_an_empty_database_is_brought_to_the_newest_revision_step_by_step(empty: Database, scripts: Path) -> None:
    assert empty.schema_version() is None
    upgrade(empty, scripts)
    assert empty.schema_version() == "0001"
    (scripts / "versions" / "0002_second.py").write_text(SECOND)
    upgrade(empty, scripts)
    upgrade(empty, scripts)
    assert empty.schema_version() == "0002"
    assert empty.read_now(lambda tx: tx.all("SELECT first.n FROM first LEFT JOIN second USING (n)")) == [(1,)]


def test_a_failing_migration_changes_nothing(empty: Database, scripts: Path) -> None:
    (scripts / "versions" / "0002_second.py").write_text(BROKEN)
    with pytest.raises(Exception, match="already exists"):
        upgrade(empty, scripts)
    assert empty.schema_version() is None
    assert not any(_has_table(empty, name) for name in ("first", "second"))
    (scripts / "versions" / "0002_second.py").write_text(SECOND)
    upgrade(empty, scripts)
    assert empty.schema_version() == "0002"


def test_a_database_newer_than_the_code_is_refused(empty: Database, scripts: Path) -> None:
    upgrade(empty, scripts)
    empty.write_now(lambda tx: tx.run("UPDATE alembic_version SET version_num = '0777'"))
    with pytest.raises(ConfigError, match="0777") as caught:
        upgrade(empty, scripts)
    assert caught.value.code == "database.newer"


def test_two_that_upgrade_at_once_both_arrive(make_database: MakeDatabase, make_url: MakeURL, scripts: Path) -> None:
    url = make_url(upgraded=False)
    early, late = make_database(url), make_database(url)
    seen_by_both = late.schema_version()
    upgrade(early, scripts)
    migrate.upgrade(seen_by_both, late._store, scripts)
    assert late.schema_version() == "0001"


def test_foreign_keys_are_enforced_again_after_an_upgrade(empty: Database, scripts: Path) -> None:
    (scripts / "versions" / "0002_second.py").write_text(SECOND)
    upgrade(empty, scripts)
    with pytest.raises(Exception, match="refuses"):
        empty.write_now(lambda tx: tx.run("INSERT INTO second VALUES (5)"))


def test_two_newest_revisions_are_a_fault(scripts: Path) -> None:
    (scripts / "versions" / "0002_a.py").write_text(SECOND)
    (scripts / "versions" / "0002_b.py").write_text(SECOND.replace("0002", "0003"))
    with pytest.raises(ConfigError, match="2 places"):
        migrate.revisions(scripts)


def test_reading_the_files_as_text_finds_what_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.set_main_option("path_separator", "os")
    directory = ScriptDirectory.from_config(config)
    known = frozenset(script.revision for script in directory.walk_revisions())
    assert migrate.revisions() == (directory.get_current_head(), known)


def test_the_databases_of_the_tests_are_at_the_newest_revision(database: Database) -> None:
    assert database.schema_version() == migrate.revisions()[0]


def _has_table(database: Database, name: str) -> bool:
    table = "sqlite_master" if database.kind == "sqlite" else "pg_tables"
    column = "name" if database.kind == "sqlite" else "tablename"
    return database.read_now(lambda tx: tx.one(f"SELECT 1 FROM {table} WHERE {column} = ?", (name,))) is not None
