"""Errors people can do something about; their text is one sentence and holds no cell."""

from __future__ import annotations

from sp_eval.contracts.odcs import ContractError
from sp_eval.ingest.key import KeyRefusedError
from sp_eval.ingest.landing import LandingEmptyError
from sp_eval.operation.export import ExportRefusedError
from sp_eval.operation.intake import OtherKeyError
from sp_eval.operation.lock import RunningElsewhereError
from sp_eval.operation.reference import ReferenceEmptyError
from sp_eval.operation.withdrawn import WithdrawnUnreadableError
from sp_eval.study.protocol import InvalidStudyError
from sp_eval.warehouse.connection import WarehouseBusyError, WarehouseUnreadableError
from sp_eval.warehouse.reference import ReferenceAbsentError

__all__ = ["REFUSALS", "QualityNotKnownError"]


class QualityNotKnownError(Exception):
    """Nothing was taken in of what is asked about; the text is one sentence.

    It stands here, as every command looks at it, and its own module loads all models.
    """


REFUSALS: tuple[type[Exception], ...] = (
    ContractError,
    ExportRefusedError,
    InvalidStudyError,
    KeyRefusedError,
    LandingEmptyError,
    OtherKeyError,
    QualityNotKnownError,
    ReferenceAbsentError,
    ReferenceEmptyError,
    RunningElsewhereError,
    WarehouseBusyError,
    WarehouseUnreadableError,
    WithdrawnUnreadableError,
)
