"""`sp-eval scheme new`: a mapping drafted from a delivery, and what to do with it next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.contracts.open_questions import open_questions
from sp_eval.contracts.scheme_mapping import DRAFT, schemes_folder
from sp_eval.ingest.draft import Draft, draft_mapping, draft_more
from sp_eval.ingest.landing import LandingEmptyError
from sp_eval.settings import project_root

__all__ = ["draft_and_show"]


def draft_and_show(
    scheme: str, delivery: Path, *, out: Path | None, taken: Sequence[str] = ()
) -> int:
    """Write the draft and print what each table was taken for; 1 if any was taken for nothing.

    `taken`: `FILE=CONTRACT`, as somebody says; if there is a draft, it only gets these tables.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", scheme):
        raise RequestRefusedError(
            f"'{scheme}' cannot be the code of a scheme: small letters, digits and _ only, a letter"
            " first, as halton or ways_to_wellness."
        )
    if not delivery.exists():
        raise LandingEmptyError(f"There is no file or folder {delivery}.")
    told = [_pair(one) for one in taken]
    file = out or schemes_folder() / scheme / DRAFT
    if told and file.exists():
        draft = draft_more(file, delivery, told)
    else:
        for held in (file, *([] if out else [schemes_folder() / scheme / "mapping.yaml"])):
            if held.exists():
                raise RequestRefusedError(
                    f"{_shown(held)} exists already: rename it, or give --out."
                )
        draft = draft_mapping(scheme, delivery, told)
    if not any(contracts for _, contracts in draft.tables):
        raise LandingEmptyError(_nothing(delivery, draft))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(draft.text, encoding="utf-8")
    _show(draft, file, scheme, delivery)
    return 0 if all(contracts for _, contracts in draft.tables) and not draft.unread else 1


def _pair(text: str) -> tuple[str, str]:
    file, sign, contract = text.rpartition("=")
    if not (sign and file and contract):
        raise RequestRefusedError(
            f"--as '{text}' cannot be read: write FILE=CONTRACT, as 'visits.csv=hospital_activity'."
        )
    return file, contract


def _nothing(delivery: Path, draft: Draft) -> str:
    whys = "; ".join(dict.fromkeys(one.reason.rstrip(".") for one in draft.unread))
    return (
        f"No table in {delivery} was recognised{f' ({whys})' if whys else ''}: a table needs a row"
        " of headings, and columns that a contract asks for (docs/contracts)."
    )


def _show(draft: Draft, file: Path, scheme: str, delivery: Path) -> None:
    for shown, contracts in draft.tables:
        if contracts:
            _say(f"{shown}: {' and '.join(contracts)}")
    dropped: dict[str, dict[str, None]] = {}
    for shown, headings in draft.dropped:
        dropped.setdefault(shown, {}).update(dict.fromkeys(headings))
    for shown, left in dropped.items():
        _say(f"  {shown}: left out as a guess, so look: {', '.join(left)}")
    for shown, contracts in draft.tables:
        if not contracts:
            _say(f"{shown}: NOT USED. No contract was seen to ask for it.")
    for one in draft.unread:
        _say(f"{one.shown}: NOT USED. {one.reason}")
    asked = len(open_questions(file))
    lines = "1 line asks" if asked == 1 else f"{asked} lines ask"
    _say(f"Written: {_shown(file)}; {lines} something. Read it, then:")
    option = "" if file == schemes_folder() / scheme / DRAFT else f" --mapping {file}"
    _say(f"  sp-eval scheme check {scheme} {delivery}{option}")
    if unused := [shown for shown, contracts in draft.tables if not contracts]:
        out = "" if not option else f" --out {file}"
        _say("If one that is not used is needed, have its table begun, for the contract it is:")
        _say(f"  sp-eval scheme new {scheme} --from {delivery}{out} --as '{unused[0]}=CONTRACT'")


def _shown(file: Path) -> str:
    root = project_root()
    file = file.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _say(sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
