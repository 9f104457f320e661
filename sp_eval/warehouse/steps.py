"""What was done on which inputs, so that unchanged work is not done again."""

from __future__ import annotations

from datetime import UTC, datetime

from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame

__all__ = [
    "ensure_steps",
    "forget_done",
    "is_done",
    "record_done",
    "remembered",
    "set_remembered",
    "was_done",
]


def ensure_steps(conn: Connection) -> None:
    """Create `meta.step` and `meta.setting` if they are not there."""
    create_schemas(conn, ["meta"])
    conn.execute(
        """create table if not exists meta.step (
            step varchar, part varchar, inputs_hash varchar, finished_at timestamp,
            primary key (step, part)
        )"""
    )
    conn.execute(
        "create table if not exists meta.setting (name varchar primary key, value varchar)"
    )


def is_done(conn: Connection, step: str, part: str, inputs_hash: str) -> bool:
    """Tell whether this part of the step was last done on just these inputs."""
    found = read_frame(
        conn,
        "select inputs_hash from meta.step where step = $step and part = $part",
        {"step": step, "part": part},
    )
    return found.height > 0 and found["inputs_hash"][0] == inputs_hash


def was_done(conn: Connection, step: str, part: str) -> bool:
    """Tell whether this part of the step was ever done, on whatever inputs."""
    asked = {"step": step, "part": part}
    sql = "select 1 from meta.step where step = $step and part = $part"
    return read_frame(conn, sql, asked).height > 0


def record_done(conn: Connection, step: str, part: str, inputs_hash: str) -> None:
    """Record that it was; call it inside the transaction that stores the work."""
    conn.execute(
        "insert or replace into meta.step values ($step, $part, $inputs, $at)",
        {
            "step": step,
            "part": part,
            "inputs": inputs_hash,
            "at": datetime.now(UTC).replace(tzinfo=None),
        },
    )


def forget_done(conn: Connection, step: str, part: str) -> None:
    """Have this part of the step be done again when it is next asked for."""
    conn.execute(
        "delete from meta.step where step = $step and part = $part", {"step": step, "part": part}
    )


def remembered(conn: Connection, name: str) -> str | None:
    """A value kept with the warehouse, or None."""
    found = read_frame(conn, "select value from meta.setting where name = $name", {"name": name})
    return str(found["value"][0]) if found.height else None


def set_remembered(conn: Connection, name: str, value: str) -> None:
    """Keep a value with the warehouse."""
    conn.execute(
        "insert or replace into meta.setting values ($name, $value)",
        {"name": name, "value": value},
    )
