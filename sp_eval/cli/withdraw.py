"""`sp-eval withdraw`: a scheme's month is not to be used, by whom and why."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.operation.withdrawn import Withdrawal, is_known, withdraw_month
from sp_eval.settings import Settings

__all__ = ["withdraw_and_show"]


def withdraw_and_show(*, scheme: str, month: str, reason: str, by: str, home: Path | None) -> None:
    """Write the entry, and say what follows."""
    load_mapping(scheme)
    try:
        entry = Withdrawal(scheme=scheme, month=month, reason=reason, withdrawn_by=by)
    except ValidationError as error:
        wrong = {"withdrawn_by": "by"}.get(str(error.errors()[0]["loc"][0]))
        name = wrong or str(error.errors()[0]["loc"][0])
        raise RequestRefusedError(
            f"--{name} must be given"
            + (", as YYYY-MM." if name == "month" else ", and not be blank.")
        ) from None
    settings = Settings.from_environment(home=home)
    path = withdraw_month(settings.home, entry)
    if not is_known(settings, scheme, month):
        console.print(
            f"Nothing of {scheme}/{month} was ever taken in here: if the month is mistyped, take"
            f" the entry out of {path} again.",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
    console.print(
        f"Noted in {path}. The next sp-eval run takes {scheme}/{month} out and publishes without"
        " it; earlier months of the scheme stand again. The files in the landing folder stay as"
        " they are.",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
