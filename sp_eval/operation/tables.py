"""The tables a run leaves, as people read them: under which heading, what they hold, where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["TABLES", "Lies", "Table"]

Lies = Literal["warehouse", "study", "published"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table, or published file.

    `group` is the heading people find it under; `holds` says what it holds in one sentence
    without code. `lies` and `relation` say where its rows are: in the warehouse, in each study's
    own file, or in a published file (then `relation` is the file). `contract` names the contract
    its columns follow, as `<kind>/<name>`, where there is one.
    """

    name: str
    group: str
    lies: Lies
    relation: str
    holds: str
    contract: str | None = None


def _checked(name: str, contract: str, holds: str) -> Table:
    return Table(name, "2_checked", "warehouse", f"taken.{contract}", holds, f"extract/{contract}")


_ALL = (
    Table(
        "files_received",
        "1_received",
        "warehouse",
        "meta.delivery",
        "Every file and sheet that came, with the rows used and refused.",
        "published/delivery",
    ),
    Table(
        "delivery_receipt",
        "1_received",
        "warehouse",
        "meta.receipt",
        "What each sender is told: rows used, rows not used and why, and one thing learned.",
    ),
    Table(
        "refused_rows",
        "2_checked",
        "warehouse",
        "meta.rejection_of",
        "Each row that could not be used, with where it stands and why.",
        "published/rejection",
    ),
    Table(
        "corrected_rows",
        "2_checked",
        "warehouse",
        "meta.resubmission",
        "Each row that a reply corrected or tried to: where it was refused, and what became of it.",
        "published/resubmission",
    ),
    Table(
        "quality_pages",
        "2_checked",
        "published",
        "quality",
        "A page on each delivery: complete, plausible, in time, linked alike.",
    ),
    _checked("people_checked", "person", "The rows of the registers that passed every check."),
    _checked("referrals_checked", "referral", "The referrals that passed every check."),
    _checked("gp_contacts_checked", "gp_contact", "The GP contacts that passed every check."),
    _checked("hospital_checked", "hospital_activity", "The hospital care that passed every check."),
    Table(
        "change_since_last_delivery",
        "2_checked",
        "warehouse",
        "meta.delivery_check",
        "What is unlike all deliveries before, or unlike what was agreed; it stops nothing.",
        "published/delivery_check",
    ),
    Table(
        "quality_of_deliveries",
        "2_checked",
        "warehouse",
        "meta.quality",
        "Each table of each delivery: clean, passed with failures, or failed.",
        "published/quality",
    ),
    Table(
        "people",
        "3_common",
        "warehouse",
        "core.person",
        "Everybody on the registers, one row a person.",
    ),
    Table(
        "referrals",
        "3_common",
        "warehouse",
        "core.referral",
        "Every referral that was accepted, and the person it links to.",
    ),
    Table(
        "care_used",
        "3_common",
        "warehouse",
        "core.event",
        "GP contacts and hospital care, counted in one way for all schemes.",
    ),
    Table(
        "coverage",
        "3_common",
        "warehouse",
        "core.coverage",
        "Which days each kind of file covers, by practice where files come so.",
        "published/coverage",
    ),
    Table(
        "schemes",
        "3_common",
        "warehouse",
        "meta.scheme",
        "The schemes of which anything came, and what none of their files holds.",
        "published/scheme",
    ),
    Table(
        "shared_words",
        "3_common",
        "warehouse",
        "meta.vocabulary",
        "How the schemes' words for needs and activities fall into the shared lists.",
        "published/vocabulary",
    ),
    Table(
        "national_standard",
        "3_common",
        "warehouse",
        "meta.standard_item",
        "What each scheme supplies of the national information standard.",
        "published/standard_item",
    ),
    Table(
        "what_was_asked",
        "4_compared",
        "study",
        "result.study",
        "The question of each study, as it was last run.",
        "published/study",
    ),
    Table(
        "can_this_be_answered",
        "4_compared",
        "study",
        "result.detectable_change",
        "The smallest change that would show, worked out before any outcome is read.",
        "published/detectable_change",
    ),
    Table(
        "who_can_be_followed",
        "4_compared",
        "study",
        "result.attrition",
        "From everyone referred to everyone analysed, step by step.",
        "published/attrition",
    ),
    Table(
        "matched_people",
        "4_compared",
        "study",
        "design.scheme",
        "Each person referred and the similar people not referred.",
    ),
    Table(
        "balance",
        "5_fair",
        "study",
        "result.balance",
        "How alike the groups were before referral, column by column.",
        "published/balance",
    ),
    Table(
        "design_checks",
        "5_fair",
        "study",
        "result.design_check",
        "What must hold before any outcome is read, passed or failed.",
        "published/design_check",
    ),
    Table(
        "overlap",
        "5_fair",
        "study",
        "result.overlap",
        "Whether the groups could have been one another, and who was left without similar people.",
        "published/diagnostic",
    ),
    Table(
        "difference_made",
        "6_changed",
        "study",
        "result.estimate",
        "The difference made, with the change before and after beside it.",
        "published/estimate",
    ),
    Table(
        "people_analysed",
        "6_changed",
        "study",
        "result.analysis",
        "One row a person, set and outcome, for academics.",
        "published/analysis",
    ),
    Table(
        "contacts_before_and_after",
        "6_changed",
        "study",
        "result.trend",
        "Care used month by month before and after, by people referred and similar people.",
        "published/trend",
    ),
    Table(
        "diagnostics",
        "7_sure",
        "study",
        "result.diagnostic",
        "What speaks for or against each answer once outcomes are read, and its grade.",
        "published/diagnostic",
    ),
    Table(
        "side_by_side",
        "7_sure",
        "study",
        "result.comparability",
        "Whether the schemes may be set side by side, and whether the gap is within chance.",
        "published/comparability",
    ),
    Table(
        "subgroups",
        "7_sure",
        "study",
        "result.subgroup",
        "For whom it makes a difference: the main outcome in each group named beforehand.",
        "published/subgroup",
    ),
    Table(
        "other_methods",
        "7_sure",
        "study",
        "result.sensitivity",
        "The same difference estimated in other ways, and how strong a hidden cause must be.",
        "published/estimate",
    ),
    Table(
        "study_versions",
        "8_published",
        "warehouse",
        "meta.study_version",
        "Every version of a study that was run, and what it found.",
        "published/study_version",
    ),
    Table(
        "research_file",
        "8_published",
        "published",
        "research.duckdb",
        "The published tables and the people analysed, for academics.",
    ),
    Table(
        "release_file",
        "8_published",
        "published",
        "release.duckdb",
        "The published tables for everyone, small counts hidden.",
    ),
    Table(
        "report",
        "8_published",
        "published",
        "reports",
        "The report of each study as a page and a first sheet to print, made from the release.",
    ),
    Table(
        "excel_and_powerbi",
        "8_published",
        "published",
        "release.xlsx",
        "The same tables as one workbook, and as files with fixed names for dashboards.",
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}
