"""Raw deliveries look as their senders' do, and every planted fault is where the list says."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from functools import cache
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from sp_eval.synthetic.deliveries import write_contract_form, write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval.synthetic.gloucestershire_files import LAYOUTS

HAND_MADE = dict.fromkeys(
    ("consent_no", "unlinked_not_on_register", "rereferral_within_28d", "referral_after_death")
)
SIZE = {"people": 1_500, "referred": 150, "seed": 3}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("faulty")
    write_deliveries(out, faults=FaultRates(), **SIZE)
    return out


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    write_deliveries(out, **SIZE)
    return out


@cache
def cells(path: Path, sheet: str = "") -> list[list[str]]:
    """All physical rows of a file or sheet as text, dates of a workbook as dd/mm/yyyy."""
    if path.suffix == ".xlsx":
        loaded = fastexcel.read_excel(path).load_sheet(sheet, header_row=None, dtypes="string")
        rows = loaded.to_polars().rows()
        return [[_plain(cell or "") for cell in row] for row in rows]
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig") if _is_utf8(raw) else raw.decode("cp1252")
    header = text.splitlines()[0]
    delimiter = max(",;\t", key=header.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain(cell: str) -> str:
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d) 00:00:00", cell)
    return f"{found[3]}/{found[2]}/{found[1]}" if found else cell


def column(out: Path, scheme: str, name: str, header: str, sheet: str = "") -> list[str]:
    rows = cells(out / scheme / "2019-04" / name, sheet)
    top = 1 if sheet == "Referrals" else 0
    return [row[rows[top].index(header)] for row in rows[top + 1 :] if row]


def listed(out: Path) -> list[dict[str, str]]:
    with (out / "truth" / "faults.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def row_of(out: Path, fault: dict[str, str]) -> tuple[list[str], list[str]]:
    rows = cells(out / fault["scheme"] / fault["file"], fault["sheet"])
    return rows[1 if fault["sheet"] == "Referrals" else 0], rows[int(fault["row_number"]) - 1]


def test_every_kind_of_fault_is_planted(faulty):
    counts = json.loads((faulty / "truth" / "truth.json").read_text())["fault_counts"]
    elsewhere = {"by_hand", "unit_does_not_fit"}  # no file of the two holds units
    kinds = set(FaultRates.__dataclass_fields__) - elsewhere
    swemwbs_only = {"total_disagrees_with_items", "metric_holds_raw"}
    assert set(counts["gloucestershire"]) == kinds
    assert set(counts["rotherham"]) == kinds - swemwbs_only


def test_every_changed_cell_stands_at_its_row(faulty):
    checked = 0
    for fault in listed(faulty):
        found = re.fullmatch(r"(.*): '?(.*?)'? -> (None|'.*')", fault["detail"])
        if fault["rule"] in HAND_MADE or found is None:
            continue
        header, row = row_of(faulty, fault)
        wanted = "" if found[3] == "None" else found[3].strip("'")
        assert row[header.index(found[1])] == wanted, fault
        assert found[2] != wanted
        checked += 1
    assert checked > 400


def test_every_copy_equals_the_row_it_repeats(faulty):
    copies = [fault for fault in listed(faulty) if fault["rule"] == "exact_duplicate"]
    assert len(copies) > 60
    for fault in copies:
        original = int(fault["detail"].rsplit(" ", 1)[1])
        rows = cells(faulty / fault["scheme"] / fault["file"], fault["sheet"])
        assert original < int(fault["row_number"])
        assert rows[original - 1] == rows[int(fault["row_number"]) - 1]


def test_no_row_is_repeated_without_being_listed(faulty, clean):
    assert listed(clean) == []
    for out in (faulty, clean):
        copies = {(f["scheme"], f["file"], f["sheet"], int(f["row_number"])) for f in listed(out)
                  if f["rule"] == "exact_duplicate"}  # fmt: skip
        found = set()
        for place in json.loads((out / "truth" / "truth.json").read_text())["expected_data_rows"]:
            path, _, sheet = place.partition("#")
            scheme, _, name = path.partition("/")
            seen = set()
            for number, row in enumerate(cells(out / path, sheet), start=1):
                if any(row) and tuple(row) in seen:
                    found.add((scheme, name, sheet, number))
                seen.add(tuple(row))
        assert found == copies


def test_no_spoilt_row_equals_another(tmp_path):
    # So many blank dates in so few kinds of row that some would be alike.
    write_deliveries(
        tmp_path, schemes=["gloucestershire"], faults=FaultRates(mandatory_missing=0.05), **SIZE
    )
    spoilt = [f for f in listed(tmp_path) if f["rule"] != "exact_duplicate"]
    alike = 0
    for place in {(f["file"], f["sheet"]) for f in spoilt}:
        rows = cells(tmp_path / "gloucestershire" / place[0], place[1])
        for fault in spoilt:
            if (fault["file"], fault["sheet"]) == place:
                alike += rows.count(rows[int(fault["row_number"]) - 1]) > 1
    assert alike == 0


def test_notes_are_true_of_their_rows(faulty):
    noted = [fault for fault in listed(faulty) if fault["rule"] in HAND_MADE]
    known = set(column(faulty, "rotherham", "GP_REGISTER.csv", "NHS_NUMBER"))
    known |= set(column(faulty, "gloucestershire", "registered_list.csv", "NHS Number"))
    for fault in noted:
        header, row = row_of(faulty, fault)
        number = re.sub(r"\D", "", row[header.index("NHS No" if "NHS No" in header else
                                                     "NHS Number")])  # fmt: skip
        assert (number in known) == (fault["rule"] != "unlinked_not_on_register")
        if fault["rule"] == "consent_no":
            assert row[-1] in {"N", "No"}
        if fault["rule"] == "rereferral_within_28d":
            first = re.search(r"in row (\d+)", fault["detail"])
            rows = cells(faulty / fault["scheme"] / fault["file"], fault["sheet"])
            assert number == re.sub(r"\D", "", rows[int(first[1]) - 1][2])
    consents = [row for f in {(f["scheme"], f["file"], f["sheet"]) for f in noted}
                for row in cells(faulty / f[0] / f[1], f[2]) if row[-1] in {"N", "No"}]  # fmt: skip
    assert len(consents) == sum(fault["rule"] == "consent_no" for fault in noted)


def test_rows_in_the_files_are_those_counted(faulty):
    for place, count in json.loads((faulty / "truth" / "truth.json").read_text())[
        "expected_data_rows"
    ].items():
        path, _, sheet = place.partition("#")
        rows = cells(faulty / path, sheet)
        above, below = (2, 3) if sheet == "Referrals" else (1, 0)
        assert len(rows) - above - below == count
        if sheet == "Referrals":
            assert rows[-1][:2] == ["Total", str(count)]
            assert not any(rows[-2] + rows[-3])


@pytest.mark.parametrize(
    ("scheme", "name", "header", "first"),
    [
        ("rotherham", "GP_REGISTER.csv", "NHS_NUMBER", "9990"),
        ("gloucestershire", "registered_list.csv", "NHS Number", "9995"),
    ],
)
def test_numbers_are_sound_and_never_issued(clean, scheme, name, header, first):
    numbers = column(clean, scheme, name, header)
    for number in numbers:
        assert first + "000000" <= number <= "9999999999"
        total = sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9]))
        assert (11 - total % 11) % 11 == int(number[9])
        assert len(set(number)) > 1
    assert len(set(numbers)) >= 1_500


def test_schemes_share_no_number(clean):
    one = column(clean, "rotherham", "GP_REGISTER.csv", "NHS_NUMBER")
    two = column(clean, "gloucestershire", "registered_list.csv", "NHS Number")
    assert set(one).isdisjoint(two)


def test_workbook_is_keyed_unevenly(clean):
    path = clean / "rotherham" / "2019-04" / "VAR_SPS_Apr19.xlsx"
    sheet = fastexcel.read_excel(path).load_sheet("Referrals", header_row=None, dtypes="string")
    rows = sheet.to_polars().rows()[2:-3]
    as_text = sum("/" in row[8] for row in rows)
    assert 0.01 * len(rows) < as_text < 0.15 * len(rows)
    assert {len(row[2]) for row in rows} == {10, 12}
    with zipfile.ZipFile(path) as book:
        numbers = re.findall(rb'<c r="C\d+"><v>999\d{7}</v>', book.read("xl/worksheets/sheet1.xml"))
    assert 0.03 * len(rows) < len(numbers) < 0.2 * len(rows)
    raw = fastexcel.read_excel(path).load_sheet("Wellbeing").to_polars()
    assert raw["Money"].dtype.is_numeric()


def test_six_layouts_with_their_encodings(clean):
    folder = clean / "gloucestershire" / "2019-04" / "practice_activity"
    firsts = [path.read_bytes().split(b"\n")[0] for path in sorted(folder.iterdir())]
    assert len(firsts) == 30
    wanted = {
        layout.form.delimiter.join(header for header, _ in layout.headers).encode(
            layout.form.encoding
        )
        for layout in LAYOUTS
    }
    assert set(firsts) == wanted
    hub = (clean / "gloucestershire" / "2019-04" / "SP_hub_referrals.csv").read_bytes()
    assert hub.count(b"\r\n") == hub.count(b"\n")
    assert "Hub 1 – ".encode("cp1252") in hub
    assert not _is_utf8(hub)


def test_spells_are_told_by_episodes_and_open_ones_as_such(clean):
    rows = cells(clean / "rotherham" / "2019-04" / "SUS_APC.csv")
    header, body = rows[0], rows[1:]
    get = {name: header.index(name) for name in header}
    orders = [int(row[get["EPIORDER"]]) for row in body]
    assert 1.02 < len(orders) / orders.count(1) < 1.25
    unknown = [row for row in body if row[get["DISDATE"]] == "01/01/1800"]
    unfinished = [row for row in body if row[get["EPISTAT"]] == "1"]
    assert unknown
    assert unfinished
    for row in unfinished:
        assert row[get["DISDATE"]] == row[get["EPIEND"]] == "01/01/1800"
    assert all(row[get["DISDATE"]] for row in body)
    assert {row[get["CLASSPAT"]] for row in body} == {"1", "2", "3", "5"}
    assert {"2A", "2B", "2D"} <= {row[get["ADMIMETH"]] for row in body}


def test_same_seed_same_bytes(tmp_path):
    small = {"people": 1_000, "referred": 100, "faults": FaultRates()}
    for name, seed in (("one", 8), ("two", 8), ("three", 9)):
        write_deliveries(tmp_path / name, seed=seed, **small)
    files = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert len(files) > 40
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    changed = "rotherham/2019-04/GP_EVENTS.csv"
    assert (tmp_path / "one" / changed).read_bytes() != (tmp_path / "three" / changed).read_bytes()


def test_cumulative_deliveries_know_nothing_to_come(tmp_path):
    months = ["2017-08", "2018-01", "2019-04"]
    write_deliveries(tmp_path / "all", months=months, faults=FaultRates(), **SIZE)
    write_deliveries(tmp_path / "last", faults=FaultRates(), **SIZE)
    last = tmp_path / "last" / "rotherham" / "2019-04"
    for path in last.iterdir():
        same = tmp_path / "all" / "rotherham" / "2019-04" / path.name
        assert same.read_bytes() == path.read_bytes(), path.name
    spoilt = {(f["file"], f["sheet"], int(f["row_number"])) for f in listed(tmp_path / "all")}
    sizes = []
    for month in months[:2]:
        folder = tmp_path / "all" / "rotherham" / month
        for name in ("GP_EVENTS.csv", "SUS_AE.csv", "SUS_APC.csv", "SUS_OP.csv", "GP_REGISTER.csv"):
            for number, row in enumerate(cells(folder / name)[1:], start=2):
                if (f"{month}/{name}", "", number) not in spoilt:
                    dates = [cell for cell in row if re.fullmatch(r"\d\d/\d\d/\d{4}", cell)]
                    assert all(f"{cell[6:]}-{cell[3:5]}" < month for cell in dates), (name, number)
        sizes.append(len(cells(folder / "GP_EVENTS.csv")))
    assert 100 < sizes[0] < sizes[1] < len(cells(last / "GP_EVENTS.csv"))
    early, late = (
        cells(tmp_path / "all" / "rotherham" / month / "GP_EVENTS.csv")[1:] for month in months[:2]
    )
    assert {tuple(row) for row in early} <= {tuple(row) for row in late}
    assert (tmp_path / "all" / "rotherham" / "2017-08" / "VAR_SPS_Aug17.xlsx").is_file()


def test_truth_is_told_as_of_the_cut(tmp_path):
    write_deliveries(tmp_path / "early", month="2018-01", schemes=["rotherham"], **SIZE)
    write_deliveries(tmp_path / "late", schemes=["rotherham"], **SIZE)
    early, late = (
        json.loads((tmp_path / name / "truth" / "truth.json").read_text())["schemes"]["rotherham"]
        for name in ("early", "late")
    )
    path = tmp_path / "early" / "rotherham" / "2018-01" / "VAR_SPS_Jan18.xlsx"
    assert early["referred"] == len(cells(path, "Referrals")) - 5 < late["referred"]
    seen = early["referred_followed"]["days_30_395"]
    assert seen["person_years_after"] < 0.7 * seen["people"]
    assert late["referred_followed"]["days_30_395"]["person_years_after"] > 0.9 * seen["people"]


def test_refused_referrals_and_registrations_are_not_analysable(tmp_path):
    rates = FaultRates(nhs_bad_check_digit=0.01, consent_no=0.0)
    write_deliveries(tmp_path, schemes=["rotherham"], faults=rates, **SIZE)
    told = json.loads((tmp_path / "truth" / "truth.json").read_text())["schemes"]["rotherham"]
    assert told["consent_refused"] == 0
    spoilt = {int(f["row_number"]) for f in listed(tmp_path)
              if f["sheet"] == "Referrals" and "->" in f["detail"]}  # fmt: skip
    lost = told["followed_365_days_before"] - told["analysable_people"]
    assert len(spoilt) > 8
    assert lost > 0.8 * len(spoilt)


def test_contract_form_is_written_with_its_truth(tmp_path):
    truth = write_contract_form(tmp_path, schemes=["rotherham"], people=1_000, referred=100, seed=1)
    told = json.loads(truth.read_text())
    for place, count in told["expected_data_rows"].items():
        assert pl.read_parquet(tmp_path / f"{place}.parquet").height == count > 0
    assert told["schemes"]["rotherham"]["effects"]["gp_contact"] == 0.85


def test_truth_tells_the_effect_asked_for(tmp_path):
    write_deliveries(
        tmp_path, schemes=["rotherham"], people=1_500, referred=150, effects={"gp_contact": 1.3}
    )
    told = json.loads((tmp_path / "truth" / "truth.json").read_text())["schemes"]["rotherham"]
    found = told["analysable"]["days_30_395"]["outcomes"]["gp_contact"]
    assert found["true_rate_ratio"] == 1.3
    assert 1.15 < found["realised_rate_ratio"] < 1.45


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"schemes": ["devon"]}, "no style for scheme 'devon'"),
        ({"month": "2021-01"}, "2021-01 is not possible"),
        ({"month": "April"}, "'April' is no month"),
        ({"effects": {"gp": 0.9}}, "unknown outcome 'gp'"),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_written(tmp_path, wrong, words):
    with pytest.raises(ValueError, match=words):
        write_deliveries(tmp_path / "out", **{**SIZE, **wrong})
    assert not (tmp_path / "out").exists()
