"""The question of one evaluation as a frozen, hashable value."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sp_eval.study.outcomes import INSTRUMENTS, OUTCOMES, Outcome, outcome_named
from sp_eval.study.windows import Window

__all__ = [
    "COVARIATES",
    "HORIZON_DAYS",
    "SENSITIVITY",
    "Comparison",
    "Disclosure",
    "Horizon",
    "OutcomeChoice",
    "Override",
    "OwnScheme",
    "Pool",
    "StudyDesign",
    "Subgroup",
    "Thresholds",
]

Pool = Literal["area", "non_referring_practices", "referring_practices"]
Sensitivity = Literal[
    "matched_follow_on",
    "matched_uncapped",
    "matched_cap_10",
    "matched_non_referring",
    "matched_did",
    "entropy_balancing",
    "negative_binomial",
]
SENSITIVITY: tuple[Sensitivity, ...] = get_args(Sensitivity)
Subgroup = Literal["earlier_use", "age", "sex", "deprivation", "ethnicity", "ltc_count", "carer"]
HORIZON_DAYS: dict[int, int] = {6: 182, 12: 365, 24: 730, 36: 1095}  # months -> days
Horizon = Literal[6, 12, 24, 36]
Covariate = Literal[
    "age", "sex", "deprivation", "ltc_count", "history", "history_total", "other_outcomes"
]
COVARIATES: tuple[Covariate, ...] = (
    "age",
    "sex",
    "deprivation",
    "ltc_count",
    "history",
    "other_outcomes",
)
Staff = Literal["gp", "nurse"]
Share = Annotated[float, Field(gt=0, le=1)]
Days = Annotated[int, Field(ge=1, le=3660)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Period(_Part):
    """Calendar dates; `to` is the last day inside."""

    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _ordered(self) -> Period:
        if self.to < self.from_:
            raise ValueError("'to' lies before 'from'")
        return self


class Index(Period):
    """Which referrals start the clock."""

    event: Literal["referral"] = "referral"


class Windows(_Part):
    """Lengths in days; see `StudyDesign.pre` and `StudyDesign.post`."""

    pre_days: Days = 365
    washout_days: Annotated[int, Field(ge=0, le=365)] = 30
    post_days: Days = 365
    lookback_days: Annotated[int, Field(ge=365, le=3660)] = 365


class Eligibility(_Part):
    """Asked alike of people referred and not; ages are completed years on the index date."""

    age_from: Annotated[int, Field(ge=0, le=120)] = 0
    age_to: Annotated[int, Field(ge=0, le=120)] = 120
    rereferral_days: Annotated[int, Field(ge=0, le=365)] = 28


class OutcomeChoice(_Part):
    """One outcome and how small a relative change would still matter."""

    name: str
    role: Literal["primary", "secondary", "negative_control"] = "secondary"
    worthwhile: Annotated[float, Field(gt=0, lt=1)] = 0.05
    staff: tuple[Staff, ...] = ("gp", "nurse")

    @model_validator(mode="after")
    def _known(self) -> OutcomeChoice:
        try:
            outcome_named(self.name)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None
        return self


class OwnScheme(_Part):
    """A practice that offers something like the scheme on its own account, from that day on."""

    practice: str
    from_: date = Field(alias="from")


class Comparison(_Part):
    """How people who were not referred are chosen.

    `own_schemes_are`: whether people of practices with a scheme of their own are left out of the
    comparison from that day on, or kept and flagged, to be left out of a sensitivity estimate.
    """

    pool: Pool = "area"
    own_schemes: tuple[OwnScheme, ...] = ()
    own_schemes_are: Literal["excluded", "flagged"] = "excluded"
    exact: tuple[Literal["calendar_month", "sex", "imd_quintile"], ...] = ("calendar_month",)
    covariates: tuple[Covariate, ...] = COVARIATES
    ratio: Annotated[int, Field(ge=1, le=20)] = 5
    caliper_sd: Annotated[float, Field(gt=0, le=2)] = 0.2

    @model_validator(mode="after")
    def _within_month(self) -> Comparison:
        if "calendar_month" not in self.exact:
            raise ValueError("'exact' must hold calendar_month: season and trend hang on it")
        return self


class Estimators(_Part):
    """Which estimates are made."""

    primary: Literal["matched_rate_ratio"] = "matched_rate_ratio"
    sensitivity: tuple[Sensitivity, ...] = SENSITIVITY


class Thresholds(_Part):
    """The pass marks of the design gate, then those of the diagnostics that decide the grade.

    `equipoise`: least share of either matched group that might as well have been in the other.
    `outside_range`: most of the referred whose score lies beyond all comparison people. `lost`:
    largest gap between people analysed and all who could be followed, standard deviations.
    `followed_gap`: largest gap between the groups in the share of the time followed. `mortality`:
    largest ratio of death rates, either way round. `influence`: most that one person may move a
    rate ratio, as a share of it. What lies within chance passes. Why these:
    docs/estimators/diagnostics-and-grade.md.
    """

    smd: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    matched_share: Share = 0.9
    weights_at_cap: Share = 0.01
    effective_comparison: Annotated[float, Field(gt=0)] = 1.0
    small_sample: Annotated[int, Field(ge=0)] = 500
    equipoise: Share = 0.5
    outside_range: Share = 0.05
    lost: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    followed_gap: Share = 0.05
    mortality: Annotated[float, Field(gt=1)] = 1.25
    influence: Share = 0.1


class Override(_Part):
    """Who had estimates shown though the design checks failed, and why: printed beside them."""

    by: Annotated[str, Field(min_length=2)]
    reason: Annotated[str, Field(min_length=20)]


class Disclosure(_Part):
    """Counts of people from `suppress_from` to `suppress_to` are hidden, others rounded."""

    suppress_from: Annotated[int, Field(ge=1)] = 1
    suppress_to: Annotated[int, Field(ge=0)] = 7
    round_to: Annotated[int, Field(ge=1)] = 5


class StudyDesign(_Part):
    """One evaluation, pre-specified. Hashed whole; the hash is stored with every result."""

    study_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
    title: str
    schemes: tuple[str, ...] | Literal["all"] = "all"
    index: Index
    windows: Windows = Windows()
    eligibility: Eligibility = Eligibility()
    outcomes: Annotated[tuple[OutcomeChoice, ...], Field(min_length=1)]
    comparison: Comparison = Comparison()
    estimators: Estimators = Estimators()
    subgroups: tuple[Subgroup, ...] = ()
    horizons: tuple[Horizon, ...] = ()
    thresholds: Thresholds = Thresholds()
    override: Override | None = None
    costs: dict[str, Any] | None = None
    disclosure: Disclosure = Disclosure()
    observed: Period | None = None
    seed: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _coherent(self) -> StudyDesign:
        names = [choice.name for choice in self.outcomes]
        if len(set(names)) != len(names):
            raise ValueError("'outcomes' names one outcome twice")
        primaries = [c.name for c in self.outcomes if c.role == "primary"]
        if len(primaries) != 1 or primaries[0] not in OUTCOMES:
            raise ValueError("'outcomes' must hold exactly one use of care with role: primary")
        if self.windows.lookback_days < self.windows.pre_days:
            raise ValueError("'lookback_days' must be at least 'pre_days'")
        return self

    @property
    def primary(self) -> OutcomeChoice:
        return next(c for c in self.outcomes if c.role == "primary")

    @property
    def counted(self) -> tuple[tuple[OutcomeChoice, Outcome], ...]:
        """The outcomes that are counts of care, in the order the study names them."""
        return tuple((c, OUTCOMES[c.name]) for c in self.outcomes if c.name in OUTCOMES)

    @property
    def counted_staff(self) -> tuple[Staff, ...]:
        """Whose GP contacts count: the study's GP outcome says; GP and nurse where it has none."""
        own = next((c.staff for c in self.outcomes if c.name == "gp_contact"), None)
        return own or ("gp", "nurse")

    @property
    def instruments(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.outcomes if c.name in INSTRUMENTS)

    @property
    def pre(self) -> Window:
        return Window(-self.windows.pre_days, 0)

    @property
    def post(self) -> Window:
        start = self.windows.washout_days
        return Window(start, start + self.windows.post_days)

    @property
    def index_before(self) -> date:
        """The first day after the last index date."""
        return self.index.to + timedelta(days=1)

    def design_hash(self) -> str:
        """SHA-256 of the whole design, keys sorted: 64 hex.

        A key that says what is so without it adds nothing, so that a key which later software
        learns makes no new version of a study; defaults are never changed (a test holds them).
        """
        told = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
