"""Could they have been one another, and who was lost: looked at before any outcome is read."""

from __future__ import annotations

import polars as pl

from sp_eval.comparison.covariate_names import in_words
from sp_eval.comparison.overlap import lost_table
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.diagnostic import Diagnostic, tenths
from sp_eval.framework.disclosure import protect_count
from sp_eval.study.design import Disclosure, StudyDesign, Thresholds

__all__ = ["before_outcomes"]

_GROUPS = ("age", "sex", "deprivation", "ethnicity", "ltc_count", "history", "other_outcomes")
_WHITE_BRITISH, _NOT_STATED = "A", "Z"  # 2001 census letters
_ALIKE = 0.05  # a gap that is nought as printed
_Groups = dict[str, tuple[str, ...]]


def before_outcomes(study: StudyDesign, design: SchemeDesign) -> list[Diagnostic]:
    """Overlap, equipoise and who was lost, of one scheme's primary match."""
    limits = study.thresholds
    found = [*_overlap(design, limits), *_equipoise(design, limits)]
    return found + _lost(design, limits, study.disclosure)


def _overlap(design: SchemeDesign, limits: Thresholds) -> list[Diagnostic]:
    share = design.primary.outside_range
    if share is None:
        return []
    passed = share <= limits.outside_range
    most = f"at most {limits.outside_range:.0%}"
    unlike = "of the people referred had a history unlike anybody's they could be compared with"
    told = f"{most.capitalize()} {unlike}, as needed."
    if not passed:
        told = f"{tenths(share).capitalize()} {unlike} ({most} allowed)."
    return [
        Diagnostic(
            "overlap", "outside_range", told,
            value=share, pass_mark=limits.outside_range, passed=passed,
        )
    ]  # fmt: skip


def _equipoise(design: SchemeDesign, limits: Thresholds) -> list[Diagnostic]:
    found = []
    share, pool = design.primary.equipoise_matched, design.primary.equipoise_pool
    if share is not None:
        passed = share >= limits.equipoise
        least = f"at least {limits.equipoise:.0%}"
        might = "might as well have been in the other"
        told = f"Once matched, by all that was known, {least} of either group {might}, as needed."
        if not passed:
            told = (
                f"Once matched, by all that was known, {tenths(share)} of one group {might}"
                f" ({least} needed)."
            )
        found.append(
            Diagnostic(
                "equipoise", "matched", told,
                value=share, pass_mark=limits.equipoise, passed=passed,
            )
        )  # fmt: skip
    if pool is not None:
        told = (
            f"Among everybody in the area {tenths(pool)} of the people referred might as well not"
            " have been. This is small wherever few are referred, and by their history; what counts"
            " is how it is once they are matched."
        )
        found.append(Diagnostic("equipoise", "pool", told, value=pool))
    return found


def _lost(design: SchemeDesign, limits: Thresholds, policy: Disclosure) -> list[Diagnostic]:
    primary = design.primary
    if not primary.n_matched:
        return []
    people, groups = _described(design)
    table = lost_table(
        people,
        primary.matched,
        exposed="is_exposed",
        covariates=[name for columns in groups.values() for name in columns],
        id="candidate_id",
    )
    is_told = _can_be_described(primary.n_exposed, primary.n_matched, policy)
    apart = table["smd"].fill_null(0.0).abs() * (1 - primary.n_matched / primary.n_exposed)
    gap = float(apart.max() or 0.0)  # type: ignore[arg-type]
    return [
        _analysed(gap, limits.lost, str(table["covariate"][apart.arg_max() or 0]), is_told=is_told),
        *_of_lost(people, table, groups, is_told=is_told),
    ]


def _described(design: SchemeDesign) -> tuple[pl.DataFrame, _Groups]:
    """The eligible referred with all that is known of them, and the columns by what they tell."""
    letter = pl.col("ethnic_category")
    people = (
        design.candidates.filter("is_exposed")
        .select(
            "candidate_id",
            "is_exposed",
            ethnicity_other=~letter.is_in([_WHITE_BRITISH, _NOT_STATED]).fill_null(value=True),
            ethnicity_unknown=(letter == _NOT_STATED).fill_null(value=True),
        )
        .join(design.covariates.frame, on="candidate_id", how="left", maintain_order="left")
    )
    known: dict[str, tuple[str, ...]] = {str(k): v for k, v in design.covariates.groups.items()}
    known["ethnicity"] = ("ethnicity_other", "ethnicity_unknown")
    return people, {name: known[name] for name in _GROUPS if known.get(name)}


def _can_be_described(exposed: int, matched: int, policy: Disclosure) -> bool:
    """Whether the cells of the flow of people say by themselves that more than a few were lost.

    Asked of the cells and not of the people, so that the answer tells nothing that they do not.
    """
    people = pl.DataFrame({"n": [exposed, matched]})
    before, after = people.select(protect_count(pl.col("n"), policy)).to_series()
    if before is None or after is None:
        return False
    return bool(before - after - (policy.round_to - 1) > policy.suppress_to)


def _analysed(gap: float, limit: float, covariate: str, *, is_told: bool) -> Diagnostic:
    passed = gap <= limit
    told = (
        "The people analysed stand for all who could be followed: nothing known of them differs by"
        f" more than {limit:.2f} standard deviations, as needed."
    )
    if not passed:
        where = f", most in {in_words(covariate)}" if is_told else ""
        told = (
            f"The people analysed differ from all who could be followed{where}, by more than"
            f" {limit:.2f} standard deviations: the answer is about those analysed alone."
        )
    return Diagnostic(
        "who_was_lost", "people_analysed", told,
        value=round(gap, 2) if is_told else None, pass_mark=limit, passed=passed,
    )  # fmt: skip


def _of_lost(
    people: pl.DataFrame, table: pl.DataFrame, groups: _Groups, *, is_told: bool
) -> list[Diagnostic]:
    """Of each kind of thing known, where those lost differ most from those analysed."""
    if not is_told:
        told = "Nobody, or too few to say what they were like, was left without similar people."
        return [Diagnostic("who_was_lost", "too_few_to_describe", told)]
    found = []
    for columns in groups.values():
        own = table.filter(pl.col("covariate").is_in(columns)).drop_nulls("smd")
        if own.height:
            row = own.sort(pl.col("smd").abs(), descending=True).row(0, named=True)
            if abs(row["smd"]) >= _ALIKE:
                found.append((row["smd"], row["covariate"]))
    found.sort(key=lambda one: -abs(one[0]))
    return [_lost_in(name, smd, is_either=people[name].n_unique() < 3) for smd, name in found]


def _lost_in(name: str, smd: float, *, is_either: bool) -> Diagnostic:
    """Of what is so or not, no figure: of few people it would be a number of them."""
    if is_either:
        told = (
            f"{'More' if smd > 0 else 'Fewer'} of those left without similar people are so than of"
            " those analysed."
        )
        return Diagnostic("who_was_lost", name, told)
    told = (
        f"Those left without similar people lie {abs(smd):.1f} standard deviations"
        f" {'higher' if smd > 0 else 'lower'} than those analysed."
    )
    return Diagnostic("who_was_lost", name, told, value=round(smd, 1))
