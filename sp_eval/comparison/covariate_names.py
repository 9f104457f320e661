"""The columns that groups are compared on, as people read them."""

from __future__ import annotations

from sp_eval.study.outcomes import OUTCOMES

__all__ = ["in_words"]

_FIXED = {
    "sex_male": "men",
    "ltc_count": "long-term conditions",
    "imd": "deprivation",
    "age_squared": "age, squared",
    "ethnicity_other": "people not white British",
    "ethnicity_unknown": "people whose ethnicity is not known",
}


def in_words(covariate: str) -> str:
    """A column of `covariates`: of what, over which days before referral, counted or its log."""
    if covariate in _FIXED:
        return _FIXED[covariate]
    for outcome in sorted(OUTCOMES, key=len, reverse=True):
        if covariate.startswith(outcome + "_"):
            return f"{OUTCOMES[outcome].label}, {_stretch(covariate[len(outcome) + 1 :])}"
    return covariate.replace("_", " ")


def _stretch(rest: str) -> str:
    """The days before referral that a column counts."""
    is_log = rest.startswith("log_")
    days = rest.removeprefix("log_").removeprefix("d")
    if days == "earlier":
        said = "earlier"
    elif "_" in days:
        far, near = days.split("_", maxsplit=1)
        said = f"{near} to {far} days before" if near != "0" else f"last {far} days"
    else:
        said = f"last {days} days"
    return f"{said} (log)" if is_log else said
