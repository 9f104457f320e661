"""`sp-eval synth`: from options to a world, and where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console, errors
from sp_eval.synthetic.deliveries import write_contract_form, write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval.synthetic.settings import DEFAULT_EFFECTS, EXAMPLE, SCHEMES

__all__ = ["ALL", "write_and_show"]

ALL = "all"  # every style there is
_LARGEST_RATIO = 10.0  # beyond it a world has more contacts than any memory holds


def write_and_show(
    out: Path,
    *,
    schemes: Sequence[str],
    people: int | None,
    referred: int | None,
    seed: int,
    effects: Sequence[str],
    usual_faults: float,
    faults: Sequence[str],
    form: str,
    hidden_driver: float = 0.0,
) -> None:
    """Write the deliveries and say where they are and where the truth is."""
    wanted = SCHEMES if ALL in schemes else tuple(dict.fromkeys(schemes)) or EXAMPLE
    for scheme in wanted:
        if scheme not in SCHEMES:
            raise RequestRefusedError(
                f"There is no synthetic style '{scheme}'; there are: {', '.join((*SCHEMES, ALL))}."
            )
    set_effects = _pairs(effects, "--effect", tuple(DEFAULT_EFFECTS), most=_LARGEST_RATIO)
    rates = fault_rates(usual_faults, _pairs(faults, "--fault", _kinds(), most=1.0))
    if form not in ("raw", "contract"):
        raise RequestRefusedError(f"--form is raw or contract, not '{form}'.")
    with errors.status("Making a world whose truth is known ..."), _in_words():
        if form == "raw":
            truth = write_deliveries(
                out,
                schemes=wanted,
                people=people,
                referred=referred,
                seed=seed,
                effects=set_effects,
                faults=rates,
                hidden_driver=hidden_driver,
            )
        else:
            truth = write_contract_form(
                out,
                schemes=wanted,
                people=people,
                referred=referred,
                seed=seed,
                effects=set_effects,
                hidden_driver=hidden_driver,
            )
    console.print(f"Deliveries: {out}\nWhat is true of them: {truth}", markup=False)


def fault_rates(usual: float, own: dict[str, float]) -> FaultRates:
    """The usual rates times a factor, those named set to their own share of rows."""
    base = FaultRates()
    scaled = {kind: getattr(base, kind) * usual for kind in _kinds()}
    return replace(base, **(scaled | own))


def _kinds() -> tuple[str, ...]:
    return tuple(f.name for f in fields(FaultRates) if f.name != "by_hand")


def _pairs(
    given: Sequence[str], option: str, known: tuple[str, ...], *, most: float
) -> dict[str, float]:
    pairs = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise RequestRefusedError(f"{option}: unknown '{name}'; there are: {', '.join(known)}.")
        try:
            pairs[name] = float(value)
        except ValueError:
            raise RequestRefusedError(f"{option} {name}: give a number, as {name}=0.85.") from None
        if not 0 <= pairs[name] <= most:
            raise RequestRefusedError(f"{option} {name}: give a number from 0 to {most:g}.")
    return pairs


@contextmanager
def _in_words() -> Iterator[None]:
    """Hand on what the synthetic room says of a wish that no world can meet."""
    try:
        yield
    except ValueError as error:
        raise RequestRefusedError(f"{error}.") from None
