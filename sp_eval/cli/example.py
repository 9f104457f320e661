"""`make run`: the bundled example, made afresh, evaluated, and set beside its truth."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sp_eval.cli.refusals import plainly
from sp_eval.cli.run import run_and_show
from sp_eval.cli.show import console, errors
from sp_eval.settings import Settings
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates

__all__ = ["main", "true_ratios"]

_PEOPLE, _REFERRED, _SEED = 4000, 600, 1
_EFFECTS = {"gp_contact": 0.75}  # large enough to be seen among a few hundred people


def main() -> None:
    """Write the example's deliveries once, run everything, print estimates beside the truth."""
    home = Settings.from_environment().home / "example"
    landing = home / "landing"
    truth = landing / "truth" / "truth.json"
    if not truth.exists():
        with errors.status(f"Making two schemes of {_PEOPLE:,} people each, with faults ..."):
            write_deliveries(
                landing,
                people=_PEOPLE,
                referred=_REFERRED,
                seed=_SEED,
                effects=_EFFECTS,
                faults=FaultRates(),
            )
    with plainly():
        status = run_and_show(
            home=home,
            landing=landing,
            studies=(),
            schemes=(),
            month=None,
            truth=true_ratios(truth),
        )
    console.print(f"  what is true of the example  {truth}", markup=False)
    sys.exit(status)


def true_ratios(path: Path) -> dict[str, dict[str, float]]:
    """Scheme -> outcome -> the rate ratio with which the world was made."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {scheme: dict(content["effects"]) for scheme, content in told["schemes"].items()}


if __name__ == "__main__":
    main()
