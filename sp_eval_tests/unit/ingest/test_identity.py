"""NHS numbers and the pseudonyms that replace them."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl
import pytest

from sp_eval.ingest.identity import Pseudonymiser, holds_nhs_number, nhs_fault

KEY = b"a key for tests only"


def key_of(digits: str) -> str:
    return hmac.new(KEY, digits.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("digits", "rule"),
    [
        ("9990000018", None),
        ("9990000026", None),
        ("9990000019", "nhs_bad_check_digit"),
        ("9990000108", "nhs_bad_check_digit"),  # two digits changed places
        ("999000001", "nhs_bad_check_digit"),
        ("99900000180", "nhs_bad_check_digit"),
        ("999000001X", "nhs_bad_check_digit"),
        ("", "nhs_missing"),
        *((str(digit) * 10, "nhs_repdigit") for digit in range(10)),
    ],
)
def test_check_digit(digits: str, rule: str | None) -> None:
    assert nhs_fault(digits) == rule


def test_a_remainder_of_ten_is_never_valid() -> None:
    stems = [f"999{n:06d}" for n in range(200)]
    never = [s for s in stems if all(nhs_fault(f"{s}{d}") for d in range(10))]
    assert len(never) == pytest.approx(200 / 11, abs=3)


@pytest.mark.parametrize(
    "written",
    [
        "9990000018",
        "999 000 0018",
        "999-000-0018",
        " 9990000018 ",
        "9990000018.0",
        "999\u00a0000\u00a00018",
    ],
)
def test_every_way_of_writing_gives_the_same_key(written: str) -> None:
    keys, faults = _people("nhs_number", written)
    assert keys == [key_of("9990000018")]
    assert faults == [None]


def test_a_bad_number_has_no_key() -> None:
    keys, faults = _people("nhs_number", "9990000019", None, "9999999999")
    assert keys == [None, None, None]
    assert faults == ["nhs_bad_check_digit", "nhs_missing", "nhs_repdigit"]


def test_a_pseudonym_is_hashed_as_it_stands() -> None:
    keys, faults = _people("pseudonym", "ab-12", "AB-12", None)
    assert keys == [key_of("ab-12"), key_of("AB-12"), None]
    assert faults == [None, None, "mandatory_missing"]


def test_another_key_gives_other_pseudonyms() -> None:
    other = Pseudonymiser(b"another", scheme_code="s", identifier="nhs_number")
    keys, _ = other.people(pl.Series(["9990000018"]))
    assert keys.to_list() != [key_of("9990000018")]


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="key is empty"):
        Pseudonymiser(b"", scheme_code="s", identifier="nhs_number")


def test_referral_id_is_the_schemes_own_reference_hashed() -> None:
    people = Pseudonymiser(KEY, scheme_code="leafshire", identifier="nhs_number")
    ids = people.referrals(pl.Series(["A1 ", None, "", "A2"])).to_list()
    assert ids == [f"leafshire:{key_of('A1')[:16]}", None, None, f"leafshire:{key_of('A2')[:16]}"]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("see 999 000 0018", True),
        ("(9990000018)", True),
        ("999-000-0018/9990000027", True),
        ("9990000019", False),
        ("07700 900123", False),
        ("order 99900000181", False),
        ("9999999999", False),
    ],
)
def test_numbers_in_text(text: str, holds: bool) -> None:
    assert holds_nhs_number(text) is holds


def _people(kind: str, *texts: str | None) -> tuple[list[str | None], list[str | None]]:
    people = Pseudonymiser(KEY, scheme_code="s", identifier=kind)  # type: ignore[arg-type]
    keys, faults = people.people(pl.Series(texts, dtype=pl.String))
    return keys.to_list(), faults.to_list()
