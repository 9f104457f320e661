"""Months that a named person has withdrawn: taken out, and not taken in again while that stands.

`<home>/withdrawn.yaml` holds them, so that anybody can read who took out what and why, and put a
month back by taking its entry out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from sp_eval.machine import write_private
from sp_eval.settings import Settings

__all__ = [
    "Withdrawal",
    "WithdrawnUnreadableError",
    "is_known",
    "withdraw_month",
    "withdrawn_months",
]

_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_HEAD = "# Months taken out, by whom and why. Take an entry out to have its month taken in again.\n"


class WithdrawnUnreadableError(Exception):
    """The list cannot be read: nothing may be taken in, lest a month comes back unasked."""


class Withdrawal(BaseModel):
    """A named person's word that a scheme's month is not to be used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: _Said
    month: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    withdrawn_by: _Said
    reason: _Said

    @property
    def sentence(self) -> str:
        """What is told of it in every run."""
        return (
            f"{self.scheme}/{self.month}: withdrawn by {self.withdrawn_by}:"
            f" {self.reason.rstrip('.')}. It is not used until its entry is taken out of"
            " withdrawn.yaml, however often it is sent again."
        )


_LIST = TypeAdapter(list[Withdrawal])


def withdrawn_months(home: Path) -> Mapping[tuple[str, str], Withdrawal]:
    """Return (scheme, month) -> who withdrew it, and why.

    Raises
    ------
    WithdrawnUnreadableError : the list is there and cannot be read.
    """
    path = home / "withdrawn.yaml"
    if not path.exists():
        return {}
    try:
        listed = _LIST.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or [])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError):
        raise WithdrawnUnreadableError(
            f"{path} cannot be read, so nobody can tell which months are withdrawn: it must list"
            " entries with scheme, month (YYYY-MM), withdrawn_by and reason, none of them blank."
        ) from None
    return {(one.scheme, one.month): one for one in listed}


def is_known(settings: Settings, scheme: str, month: str) -> bool:
    """Whether a month of the scheme lies in the landing folder, or had a receipt."""
    return any((at / scheme / month).is_dir() for at in (settings.landing, settings.receipts))


def withdraw_month(home: Path, withdrawal: Withdrawal) -> Path:
    """Add a month to the list, in place of an earlier entry of it; return the list's place."""
    listed = {**withdrawn_months(home), (withdrawal.scheme, withdrawal.month): withdrawal}
    home.mkdir(parents=True, exist_ok=True)
    path = home / "withdrawn.yaml"
    entries = [one.model_dump() for _, one in sorted(listed.items())]
    text = _HEAD + yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)
    write_private(path, text.encode())
    return path
