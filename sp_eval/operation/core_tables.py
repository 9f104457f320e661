"""One definition for all schemes: `core.*` from the rows that are current."""

from __future__ import annotations

from sp_eval.cohort.build import build_core
from sp_eval.cohort.extract_tables import outcome_sources
from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.scheme_mapping import load_mapping, mapped_schemes
from sp_eval.framework.standard_held import standard_columns, standard_rows
from sp_eval.framework.study_card import scheme_rows
from sp_eval.framework.vocabulary import vocabulary_rows
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.warehouse.build import Built, create_schemas
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.filled import filled_columns
from sp_eval.warehouse.frames import read_frame, store_frame
from sp_eval.warehouse.ledger import current_hash, current_view_sql, schemes_delivering
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["bring_together", "is_brought_together"]


def bring_together(run: Run) -> None:
    """Build the common tables if what is current has changed."""
    with open_file(run.settings.warehouse) as conn:
        if is_brought_together(conn):
            return
        delivering, inputs = schemes_delivering(conn), _inputs(conn)
        run.told("bringing all schemes into one form")
        run.has_worked = True
        with transaction(conn):
            create_schemas(conn, ["extract", "core"])
            for name in contract_names("extract"):
                conn.execute(current_view_sql(name))
            conn.execute(
                """create or replace view extract.declared_coverage as
                select d.* exclude (delivery_id)
                from meta.declared_coverage as d
                inner join meta.current_holding as c on d.delivery_id = c.delivery_id"""
            )
            store_frame(conn, "core.outcome_source", outcome_sources())
            store_frame(conn, "meta.scheme", scheme_rows(delivering))
            build_core(conn, lambda built: _note(run, built))
            words = read_frame(conn, "from core.sender_word")
            mappings = [load_mapping(code) for code in delivering if code in mapped_schemes()]
            store_frame(conn, "meta.vocabulary", vocabulary_rows(words, mappings))
            filled = filled_columns(conn, standard_columns())
            store_frame(conn, "meta.standard_item", standard_rows(delivering, filled))
            record_done(conn, "common", "", inputs)


def is_brought_together(conn: Connection) -> bool:
    """Whether the common tables are those of what is current, as it is now defined."""
    return is_done(conn, "common", "", _inputs(conn))


def _inputs(conn: Connection) -> str:
    return digest(current_hash(conn), *schemes_delivering(conn), definitions_hash())


def _note(run: Run, built: Built) -> None:
    run.rows[built.name] = built.rows
