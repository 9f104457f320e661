"""`sp-eval template`: a blank sheet of every contract."""

from __future__ import annotations

from pathlib import Path

import fastexcel
import pytest

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval_tests.support.runs import run_line


@pytest.mark.parametrize("name", contract_names("extract"))
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_every_contract_has_one(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.{suffix}"
    told = run_line("template", name, "--out", str(path))
    assert (told.status, told.out) == (0, f"Written: {path}\n")
    if suffix == "csv":
        heads = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    else:
        book = fastexcel.read_excel(path)
        first = book.load_sheet(0, header_row=None, dtypes="string").to_polars()
        head = load_contract(name).names[0]
        heads = next([cell for cell in row if cell] for row in first.rows() if head in row)
    assert heads == list(load_contract(name).names)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nothing", "--out", "x.csv"), "there is no extract contract 'nothing'; there are:"),
        (("referral", "--out", "x.doc"), ".xlsx or .csv"),
        (("referral", "--out", "no/such/x.csv"), "cannot be used: no such file or directory"),
        (("referral", "--out", "no/such/x.xlsx"), "cannot be used: no such file or directory"),
        (("referral", "--out", "there.csv"), "exists already"),
    ],
)
def test_what_cannot_be_written(
    arguments: tuple[str, ...], word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("filled in already", encoding="utf-8")
    told = run_line("template", *arguments)
    assert told.status == 2
    assert len(told.err.splitlines()) == 1
    assert word in told.err
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "filled in already"
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
