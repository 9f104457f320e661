"""Deliveries as they go wrong in the field: a clear sentence each, all the rest done."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sp_eval_tests.support.runs import MONTH, Made, published, tables_of

BOTH = ("rotherham", "gloucestershire")


def estimates(home: Path, scheme: str) -> list[tuple[object, ...]]:
    """All that is published of a scheme's estimates, but for the run's name."""
    return published(
        home,
        f"""select * exclude (run_id) from published.estimate
        where scheme_code = '{scheme}' order by all""",
    )


def primary(home: Path, scheme: str) -> dict[str, tuple[str, str, str | None]]:
    """Outcome -> status, verdict and reason of the primary rate ratio."""
    rows = published(
        home,
        f"""select outcome, status, verdict, withheld_reason from published.estimate
        where role = 'primary' and scale = 'rate_ratio' and scheme_code = '{scheme}'""",
    )
    return {outcome: (status, verdict, reason) for outcome, status, verdict, reason in rows}


def refused_whole(home: Path) -> list[tuple[str, str, str]]:
    return published(
        home,
        """select file, sheet, rule from published.rejection where row_number is null
        order by all""",
    )


def rename_sheet(book: Path, old: str, new: str) -> None:
    aside = book.with_suffix(".new")
    with zipfile.ZipFile(book) as read, zipfile.ZipFile(aside, "w") as write:
        for part in read.namelist():
            data = read.read(part)
            if part == "xl/workbook.xml":
                assert f'name="{old}"'.encode() in data
                data = data.replace(f'name="{old}"'.encode(), f'name="{new}"'.encode())
            write.writestr(part, data)
    aside.replace(book)


def drop_column(path: Path, name: str) -> None:
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    at = rows[0].index(name)
    kept = (",".join(cell for n, cell in enumerate(row) if n != at) for row in rows)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def cut_in_mid_row(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b",", len(data) // 2) + 3])


def keep_header(path: Path) -> None:
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def spoil_hospital_files(landing: Path) -> None:
    """Every hospital file of Rotherham bad in its own way, and files that nobody agreed on."""
    own, other = (landing / scheme / MONTH for scheme in BOTH)
    (own / "SUS_AE.csv").write_bytes(b"")
    drop_column(own / "SUS_APC.csv", "ADMIMETH")
    cut_in_mid_row(own / "SUS_OP.csv")
    shutil.copy(other / "hospital_activity.csv", own / "hospital_activity.csv")
    shutil.copy(other / "registered_list.csv", own / "register.csv")
    (own / "notes.txt").write_text("see you on Tuesday", encoding="utf-8")


def test_bad_files_have_a_sentence_each_and_the_rest_is_published(
    spoilt: Made, narrow: Made
) -> None:
    spoil_hospital_files(spoilt.landing)
    ended = spoilt.run_again()
    assert ended.status == 1
    told = ended.sentences()
    for sentence in (
        "rotherham/2019-04/SUS_AE.csv: refused (empty_file). The file is empty.",
        "SUS_APC.csv: refused (column_missing). The column 'ADMIMETH' is missing.",
        "SUS_OP.csv: refused (cut_short). The file ends in the middle of row",
        "2019-04/hospital_activity.csv: refused (wrong_scheme). A file of this name belongs",
        "register.csv: refused (wrong_scheme). Its columns are those of another scheme's files",
        "notes.txt: refused (unreadable). Nobody has agreed on a file of this name.",
        "rotherham: ae_attendance withheld: no file covers",
    ):
        assert sentence in told
    assert len(refused_whole(spoilt.home)) == 6
    found = primary(spoilt.home, "rotherham")
    assert found["gp_contact"][0] == "released"
    assert found["ae_attendance"][:2] == ("withheld", "not_answerable")
    assert estimates(spoilt.home, "gloucestershire") == estimates(narrow.home, "gloucestershire")
    put_right(spoilt, narrow)


def put_right(spoilt: Made, narrow: Made) -> None:
    """Once the right files are back, all is published as if they had come at once."""
    shutil.rmtree(spoilt.landing)
    shutil.copytree(narrow.landing, spoilt.landing)
    assert spoilt.run_again().status == 0
    found, wanted = tables_of(spoilt.home), tables_of(narrow.home)
    for name in wanted.keys() - {"published.delivery", "published.run"}:
        assert found[name] == wanted[name], name


def test_a_renamed_sheet(spoilt: Made, narrow: Made) -> None:
    book = spoilt.landing / "rotherham" / MONTH / "VAR_SPS_Apr19.xlsx"
    rename_sheet(book, "Referrals", "Referals")
    ended = spoilt.run_again()
    assert ended.status == 1
    told = ended.sentences()
    assert "sheet Referrals: refused (sheet_missing). There is no sheet 'Referrals'." in told
    assert "The sheet 'Referals' may be it under another name." in told
    assert refused_whole(spoilt.home) == [(book.name, "Referrals", "sheet_missing")]
    # its other sheets are used; without its referrals the scheme cannot be evaluated
    statuses = published(
        spoilt.home,
        f"""select sheet, status from published.delivery
        where file = '{book.name}' and status <> 'superseded' order by all""",
    )
    assert statuses == [("Costs", "current"), ("Onward", "current"), ("Referrals", "refused"),
                        ("Wellbeing", "current")]  # fmt: skip
    assert {row[:2] for row in primary(spoilt.home, "rotherham").values()} == {
        ("withheld", "not_answerable")
    }
    assert estimates(spoilt.home, "gloucestershire") == estimates(narrow.home, "gloucestershire")


def test_a_scheme_without_any_referral(spoilt: Made, narrow: Made) -> None:
    """Its file is whole and holds nobody: nothing to mend, and nothing to be answered."""
    keep_header(spoilt.landing / "gloucestershire" / MONTH / "SP_hub_referrals.csv")
    ended = spoilt.run_again()
    assert ended.status == 1
    assert "gloucestershire: gp_contact, ae_attendance withheld: no referral" in ended.sentences()
    found = primary(spoilt.home, "gloucestershire")
    assert {row[:2] for row in found.values()} == {("withheld", "not_answerable")}
    assert estimates(spoilt.home, "rotherham") == estimates(narrow.home, "rotherham")


def test_a_month_without_its_hospital_file(spoilt: Made, narrow: Made) -> None:
    (spoilt.landing / "gloucestershire" / MONTH / "hospital_activity.csv").unlink()
    ended = spoilt.run_again()
    assert ended.status == 1
    assert "hospital_activity.csv: missing (missing). A file that was agreed is missing" in (
        ended.sentences()
    )
    found = primary(spoilt.home, "gloucestershire")
    assert found["gp_contact"][0] == "released"
    assert found["ae_attendance"][:2] == ("withheld", "not_answerable")
    assert "no file covers" in str(found["ae_attendance"][2])
    assert estimates(spoilt.home, "rotherham") == estimates(narrow.home, "rotherham")


def test_files_that_are_noise(spoilt: Made, narrow: Made) -> None:
    """Nothing of the scheme can be read: it is told as not answerable and does not vanish."""
    noise = bytes(range(256)) * 200
    folder = spoilt.landing / "rotherham" / MONTH
    for path in folder.iterdir():
        path.write_bytes(noise)
    (folder / "SUS_AE.csv").write_bytes(b"PK\x03\x04" + noise)
    ended = spoilt.run_again()
    assert ended.status == 1
    assert {rule for _, _, rule in refused_whole(spoilt.home)} == {"unreadable"}
    assert ended.sentences().count("refused (unreadable)") == 6
    assert {row[:2] for row in primary(spoilt.home, "rotherham").values()} == {
        ("withheld", "not_answerable")
    }
    assert estimates(spoilt.home, "gloucestershire") == estimates(narrow.home, "gloucestershire")


def test_folders_that_are_no_deliveries(spoilt: Made) -> None:
    shutil.copytree(spoilt.landing / "rotherham", spoilt.landing / "kent")
    (spoilt.landing / "minutes").mkdir()
    (spoilt.landing / "minutes" / "april.txt").write_text("present: all", encoding="utf-8")
    before = (spoilt.home / "published" / "release.duckdb").read_bytes()
    ended = spoilt.run_again()
    assert ended.status == 1
    told = ended.sentences()
    assert "kent: refused, there is no mapping for this scheme; write data_contracts/" in told
    assert told.count("minutes: passed over") == 1
    assert "nothing was written" in told
    assert (spoilt.home / "published" / "release.duckdb").read_bytes() == before


def test_a_file_that_may_not_be_read(
    spoilt: Made, narrow: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root reads everything, the refusal of the system is played here."""
    path = spoilt.landing / "rotherham" / MONTH / "SUS_AE.csv"
    path.write_bytes(path.read_bytes() + b"\n")  # so that the month is read anew
    readable = Path.open

    def refuse(path: Path, *how: Any, **named: Any) -> Any:
        if path.name == "SUS_AE.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return readable(path, *how, **named)

    monkeypatch.setattr(Path, "open", refuse)
    ended = spoilt.run_again()
    assert ended.status == 1
    assert "SUS_AE.csv: refused (unreadable). The file cannot be opened." in ended.sentences()
    assert primary(spoilt.home, "rotherham")["gp_contact"][0] == "released"
    assert estimates(spoilt.home, "gloucestershire") == estimates(narrow.home, "gloucestershire")
