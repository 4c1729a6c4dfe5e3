"""The door to the database: units of work, wakes, migrations. Owns no tables: each room's store does."""

from jangbu.infra.db.database import Database
from jangbu.infra.db.tx import Params, ReadTx, Row, Value, WriteTx
from jangbu.infra.db.wake import Wake

__all__ = ["Database", "Params", "ReadTx", "Row", "Value", "Wake", "WriteTx"]
