"""Identifiers, replaced before any other part sees a row.

The NHS number, or somebody else's pseudonym, becomes the person_key; the scheme's own reference
becomes the referral_id. Both are HMAC-SHA256 under the installation's key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import Literal

import polars as pl

__all__ = ["Pseudonymiser", "digits_of", "holds_nhs_number", "nhs_fault", "without_numbers"]

_SEPARATORS = re.compile(r"[\s\-\u00a0\u2010-\u2015]+")
_EXCEL_NUMBER = re.compile(r"^(\d+)\.0+$")
_IN_TEXT = re.compile(r"(?<!\d)\d{3}[\W_]{0,3}\d{3}[\W_]{0,3}\d{4}(?!\d)")


def digits_of(text: str) -> str:
    """Return a number as it would be written plainly: no spaces or hyphens, no `.0` of a sheet."""
    if text.isascii() and text.isdigit():
        return text
    plain = _SEPARATORS.sub("", text)
    number = _EXCEL_NUMBER.match(plain)
    return number.group(1) if number else plain


def nhs_fault(digits: str) -> str | None:
    """Return the rule that ten digits break as an NHS number, or None.

    Modulus 11 (NHS Data Dictionary): digits 1-9 weighted 10..2; 11 minus the remainder is the
    tenth, 11 counting as 0 and 10 as never valid. Repeated digits pass the sum, and are dummies.
    """
    if not digits:
        return "nhs_missing"
    if not (len(digits) == 10 and digits.isascii() and digits.isdigit()):
        return "nhs_bad_check_digit"
    if digits == digits[0] * 10:
        return "nhs_repdigit"
    # written out, as it is worked out for everybody; 48 is the code of the digit 0
    a, b, c, d, e, f, g, h, i, check = digits.encode()
    total = 10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i - 54 * 48
    return None if (11 - total % 11) % 11 == check - 48 else "nhs_bad_check_digit"


def holds_nhs_number(text: str) -> bool:
    """Tell whether a valid NHS number stands in the text; three signs may part its parts."""
    return any(_is_valid(found) for found in _IN_TEXT.findall(text))


def without_numbers(text: str) -> str:
    """Return the text with each valid NHS number in it blotted out."""
    return _IN_TEXT.sub(lambda n: "#" * len(n[0]) if _is_valid(n[0]) else n[0], text)


def _is_valid(text: str) -> bool:
    """Whether the digits in the text, of whatever script, are a valid NHS number."""
    digits = "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())
    return nhs_fault(digits) is None


class Pseudonymiser:
    """Turns identifiers into keys; each distinct text is worked out once per delivery."""

    def __init__(
        self, key: bytes, *, scheme_code: str, identifier: Literal["nhs_number", "pseudonym"]
    ) -> None:
        if not key:
            raise ValueError("the pseudonymisation key is empty")
        self._started = hmac.new(key, digestmod=hashlib.sha256)
        self._scheme_code = scheme_code
        self._identifier = identifier
        # two of them: hundreds of thousands of pairs would be looked through for cycles
        self._keys: dict[str, str] = {}
        self._faults: dict[str, str] = {}

    def _hmac(self, text: str) -> str:
        begun = self._started.copy()  # the key is worked in already
        begun.update(text.encode())
        return begun.hexdigest()

    def _learn(self, text: str) -> tuple[str | None, str | None]:
        if self._identifier == "pseudonym":
            digits, fault = text, None if text else "mandatory_missing"
        else:
            digits = digits_of(text)
            fault = nhs_fault(digits)
        if fault:
            self._faults[text] = fault
            return None, fault
        key = self._keys[text] = self._hmac(digits)
        return key, None

    def people(self, identifiers: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return (person_key, rule broken or null) for each text; both String, same length."""
        known = identifiers.fill_null("").str.strip_chars()
        distinct = known.unique(maintain_order=True)
        keys: list[str | None] = []
        faults: list[str | None] = []
        for text in distinct.to_list():
            key, fault = self._keys.get(text), self._faults.get(text)
            if key is None and fault is None:
                key, fault = self._learn(text)
            keys.append(key)
            faults.append(fault)
        told = pl.Series(keys, dtype=pl.String), pl.Series(faults, dtype=pl.String)
        if len(distinct) == len(known):
            return told
        return (
            known.replace_strict(distinct, told[0], return_dtype=pl.String),
            known.replace_strict(distinct, told[1], return_dtype=pl.String),
        )

    def strangers(self, referral_ids: pl.Series) -> pl.Series:
        """Return a person_key of its own for each referral_id: that of nobody on any register."""
        made = [None if one is None else self._hmac(f"no number {one}") for one in referral_ids]
        return pl.Series(made, dtype=pl.String)

    def referrals(self, references: pl.Series) -> pl.Series:
        """Return the referral_id of each of the scheme's own references; null where blank."""
        known = references.str.strip_chars()
        distinct = known.drop_nulls().unique()
        texts = distinct.to_list()
        ids = [f"{self._scheme_code}:{self._hmac(text)[:16]}" if text else None for text in texts]
        return known.replace_strict(
            distinct, pl.Series(ids, dtype=pl.String), default=None, return_dtype=pl.String
        )
