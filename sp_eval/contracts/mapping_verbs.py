"""The verbs of a mapping, each as a closed pydantic model: what may be said, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sp_eval.contracts.codes import codes_of_list
from sp_eval.study.outcomes import Covered

__all__ = [
    "MONTH",
    "Check",
    "Closed",
    "ColumnRule",
    "Condition",
    "Covers",
    "Decision",
    "KeepWhen",
    "Layout",
    "NotKnown",
    "Parse",
    "Renamed",
    "Scalar",
    "Split",
    "Unpivot",
]

Scalar = str | bool | int | float
DATE_KINDS = ("date", "last_day", "month", "quarter", "year", "excel")


MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
"""How a month is written, as 2019-04."""


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _texts(value: object) -> object:
    """Texts as a list, numbers as they are written; YAML reads some words as something else."""
    found = _listed(value)
    if any(one is None or isinstance(one, bool) for one in found):  # type: ignore[attr-defined]
        raise ValueError("write each text in quotation marks, as ['n/k', 'NULL', '-', 'no']")
    return [str(one).strip() for one in found]  # type: ignore[attr-defined]


NotKnown = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_texts),
    Field(
        description="Texts that stand where something is not known: such a cell counts as blank."
        " Capitals do not matter; a word that the column's own recode or when lists keeps its"
        " meaning."
    ),
]
Cells = Annotated[tuple[str | None, ...], BeforeValidator(_listed)]
Condition = Mapping[str, Cells]
"""Source column -> the texts it may hold for the condition to be met; null means blank."""


class Parse(Closed):
    """How a cell's text becomes a value.

    `date`: in `style` (strptime words), else in the dataset's `dates`. `excel`: a true Excel date
    or its serial number (from a workbook only), or a text date. `last_day`: either of them that is
    the last day inside, stored as the first day outside. `month`, `quarter` (`2017/18 Q1`, of
    the financial year from April): the first day, or with `edge: end` the first day after.
    A time of day may be part of a style (`%Y-%m-%dT%H:%M:%SZ`); the day is taken as written.
    `year`: the calendar year of a date. `money`: pounds, with or without sign and commas.
    `integer`: a whole number. `padded`: a number that has lost its leading zeros, written into
    the end of `style`: `42` in `X00000` is `X00042`. `share`: the rank of a thing among `of`,
    as which of `parts` equal parts it lies in, from 1; a rank below 0 is not known.
    `not_known`: texts that stand for a value nobody knows.
    """

    kind: Literal[
        "date",
        "last_day",
        "month",
        "quarter",
        "year",
        "money",
        "integer",
        "padded",
        "share",
        "excel",
    ]
    style: str | None = None
    edge: Literal["start", "end"] = "start"
    not_known: tuple[str, ...] = ()
    of: int | None = Field(default=None, ge=1)
    parts: int | None = Field(default=None, ge=2)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: object) -> object:
        """Accept `parse: date` and `parse: {date: '%d/%m/%Y', not_known: [...]}`."""
        if isinstance(raw, str):
            return {"kind": raw}
        if isinstance(raw, Mapping) and "kind" not in raw:
            kinds = [name for name in (*DATE_KINDS, "money", "integer", "padded") if name in raw]
            if len(kinds) == 1:
                rest = {name: value for name, value in raw.items() if name != kinds[0]}
                return {"kind": kinds[0], "style": raw[kinds[0]], **rest}
        return raw

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "padded" and not (self.style or "").endswith("0"):
            raise ValueError("padded needs the whole code with zeros at its end, as X00000")
        if (self.kind == "share") != (None not in (self.of, self.parts)):
            raise ValueError("share needs of and parts, and nothing else has them")
        return self


class Split(Closed):
    """One cell that holds several values: which of them is taken; `rest` is all but the first."""

    by: str = Field(min_length=1)
    take: Literal["first", "rest", "last", "all"]


class Decision(Closed):
    """One row of a decision table: the first whose conditions are all met gives the value."""

    when: Condition = Field(default_factory=dict)
    then: Scalar


class ColumnRule(Closed):
    """Where one column of the contract comes from: exactly one origin, then the refinements."""

    from_: tuple[str, ...] | None = Field(default=None, alias="from")
    const: Scalar | None = None
    from_path: str | None = None
    decide: tuple[Decision, ...] | None = None
    absent: str | None = Field(default=None, min_length=3)
    take: ColumnRule | None = None
    when: Condition | None = None
    split: Split | None = None
    parse: Parse | None = None
    recode: Mapping[Scalar, Scalar] | None = None
    not_known: NotKnown = ()

    @model_validator(mode="before")
    @classmethod
    def _one_column(cls, raw: object) -> object:
        if isinstance(raw, Mapping):
            _require_meanings(raw.get("recode"))
            return {k: _listed(v) if k in {"from", "from_"} else v for k, v in raw.items()}
        return raw

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = (self.from_, self.const, self.from_path, self.decide, self.absent, self.take)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError(
                "give exactly one of from, const, from_path, decide, absent, when/take"
            )
        if (self.take is None) != (self.when is None):
            raise ValueError("when and take go together")
        is_refined = self.split or self.parse or self.not_known
        if not self.from_ and (is_refined or (self.recode and not self.from_path)):
            raise ValueError(
                "split, parse and not_known refine from, recode also from_path, and nothing else"
            )
        unknown = {text.casefold() for text in self.not_known}
        if twice := [word for word in self.recode or () if str(word).casefold() in unknown]:
            raise ValueError(f"'{twice[0]}' stands under recode and under not_known")
        return self

    def path_value(self, parts: Mapping[str, str]) -> Scalar | None:
        """What a part of the file's path says, recoded where it is a name; None if nobody knows."""
        text = parts.get(self.from_path or "")
        return text if text is None or self.recode is None else self.recode.get(text)

    def sources(self) -> Iterator[str]:
        """Yield the source columns the rule reads, the one to name in a reason first."""
        yield from self.from_ or ()
        if self.take:
            yield from self.take.sources()
        for condition in (self.when or {}, *(d.when for d in self.decide or ())):
            yield from condition


def _require_meanings(recode: object) -> None:
    """A word that is recoded to nothing was meant to count as blank: say how that is written."""
    blank = [word for word, to in recode.items() if to in (None, "")] if (
        isinstance(recode, Mapping)
    ) else []  # fmt: skip
    if blank:
        raise ValueError(
            f"recode makes nothing of '{blank[0]}'. A text that means not known stands under"
            f" not_known, beside 'from', in the table or at the top: not_known: ['{blank[0]}']"
        )


class Check(Closed):
    """A rule on a source column that is enforced; the column itself is not carried by it."""

    required: bool = False
    one_of: tuple[str, ...] | None = None
    pattern: str | None = None
    code: Literal["snomed_ct"] | None = None
    code_list: str | None = Field(
        None, description="List and version in codes/social_prescribing_code.csv, as referral/1."
    )
    minimum: int | None = None
    maximum: int | None = None
    parse: Parse | None = None
    not_before: str | None = None
    total_of: tuple[str, ...] | None = None
    metric_of: tuple[str, ...] | None = None
    metric_table: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.metric_of is None) != (self.metric_table is None):
            raise ValueError("metric_of and metric_table go together")
        if not self.model_fields_set:
            raise ValueError("a check must ask for something")
        if self.pattern is not None:
            re.compile(self.pattern)
        if self.code_list is not None and not codes_of_list(self.code_list):
            raise ValueError(f"there is no code list '{self.code_list}'; write it as referral/1")
        return self

    def sources(self) -> Iterator[str]:
        """Yield the other source columns that the check reads."""
        yield from (self.not_before,) if self.not_before else ()
        yield from self.total_of or ()
        yield from self.metric_of or ()


class Unpivot(Closed):
    """Several answers in one row: one contract row for each of these source columns."""

    name: str
    value: str
    parse: Parse | None = None
    columns: Mapping[str, str] = Field(min_length=1)


class KeepWhen(Closed):
    """Rows that count; the others are folded: accepted, and counted under a name.

    A row that does not meet `when` is validated all the same. One in which none of the columns of
    `filled` holds anything has nothing to say to the table (a score at the end that is not there
    yet): the contract is not asked of it, only its identifier and the checks of the mapping.
    """

    when: Condition = Field(default_factory=dict)
    filled: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    folded_as: str

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.when or self.filled):
            raise ValueError("keep_when needs when or filled, or every row would count")
        return self

    def sources(self) -> Iterator[str]:
        """Yield the source columns that it looks at."""
        yield from self.when
        yield from self.filled


class Covers(Closed):
    """The days the dataset holds all activity of: from one to the last, both whole.

    It ends with the last month before that of the delivery. Where files are behind (hospitals
    send two months late), `months_behind` takes so many months off; where an extract ends before
    it was sent, `to` names its last whole day. The earlier of them holds.
    """

    sources: tuple[Covered, ...] = Field(
        min_length=1,
        description=(
            "What it holds all of. `inpatient` is emergency and planned stays; a file of one kind"
            " alone covers `emergency_inpatient` or `planned_inpatient`."
        ),
    )
    from_: date = Field(alias="from")
    to: date | None = Field(default=None, description="The last day that is whole.")
    months_behind: int = Field(default=0, ge=0, le=24)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"it ends ({self.to}) before it begins ({self.from_})")
        return self


class Renamed(Closed):
    """A column that has another heading from a month of delivery on."""

    column: str = Field(description="The name by which this mapping speaks of it.")
    to: str = Field(min_length=1, description="The heading from that month on.")
    from_: str = Field(alias="from", pattern=MONTH, description="YYYY-MM")


class Layout(Closed):
    """One of the ways in which senders head the same table: our name -> their header.

    With `numbered`, the file has no header row but so many fields in every row; a column's
    heading is then its place, from `1`.
    """

    columns: Mapping[str, str] = Field(min_length=1)
    numbered: int | None = Field(default=None, ge=1)
    encoding: str | None = None
    delimiter: str | None = None
    dates: str | None = None

    @model_validator(mode="after")
    def _places_are_there(self) -> Self:
        places = {str(place) for place in range(1, (self.numbered or 0) + 1)}
        if self.numbered and (odd := sorted(set(self.columns.values()) - places)):
            raise ValueError(f"a row of {self.numbered} fields has no place {', '.join(odd)}")
        return self
