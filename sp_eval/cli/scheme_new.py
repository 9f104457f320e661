"""`sp-eval scheme new`: a mapping drafted from a delivery, and what to do with it next."""

from __future__ import annotations

import re
from pathlib import Path

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.contracts.open_questions import open_questions
from sp_eval.contracts.scheme_mapping import DRAFT, schemes_folder
from sp_eval.ingest.draft import Draft, draft_mapping
from sp_eval.ingest.landing import LandingEmptyError
from sp_eval.settings import project_root

__all__ = ["draft_and_show"]


def draft_and_show(scheme: str, delivery: Path, *, out: Path | None) -> int:
    """Write the draft and print what each table was taken for; 1 if any was not recognised."""
    if not re.fullmatch("[a-z][a-z0-9_]*", scheme):
        raise RequestRefusedError(
            f"'{scheme}' cannot be the code of a scheme: small letters, digits and _ only, a letter"
            " first, as halton or ways_to_wellness."
        )
    if not delivery.exists():
        raise LandingEmptyError(f"There is no file or folder {delivery}.")
    file = out or schemes_folder() / scheme / DRAFT
    for taken in (file, *([] if out else [schemes_folder() / scheme / "mapping.yaml"])):
        if taken.exists():
            raise RequestRefusedError(f"{_shown(taken)} exists already: rename it, or give --out.")
    draft = draft_mapping(scheme, delivery)
    if not any(contracts for _, contracts in draft.tables):
        raise LandingEmptyError(_nothing(delivery, draft))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(draft.text, encoding="utf-8")
    _show(draft, file, scheme, delivery)
    return 1 if draft.unread else 0


def _nothing(delivery: Path, draft: Draft) -> str:
    whys = "; ".join(dict.fromkeys(one.reason.rstrip(".") for one in draft.unread))
    return (
        f"No table in {delivery} was recognised{f' ({whys})' if whys else ''}: a table needs a row"
        " of headings, and columns that a contract asks for (docs/contracts)."
    )


def _show(draft: Draft, file: Path, scheme: str, delivery: Path) -> None:
    for shown, contracts in draft.tables:
        _say(f"{shown}: {' and '.join(contracts) or 'no contract asks for it'}")
    for one in draft.unread:
        _say(f"{one.shown}: not looked into. {one.reason}")
    asked = len(open_questions(file))
    lines = "1 line asks" if asked == 1 else f"{asked} lines ask"
    _say(f"Written: {_shown(file)}; {lines} something. Read it, then:")
    option = "" if file == schemes_folder() / scheme / DRAFT else f" --mapping {file}"
    _say(f"  sp-eval scheme check {scheme} {delivery}{option}")


def _shown(file: Path) -> str:
    root = project_root()
    file = file.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _say(sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
