"""Public files in small, written by hand in the layouts of their publishers."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

__all__ = ["write_references"]

_APPOINTMENTS = """\
CCG_CODE,CCG_ONS_CODE,CCG_NAME,STP_ONS,STPNM,REGION_ONS_CODE,REGION_NAME,Appointment_Month,\
APPT_STATUS,HCP_TYPE,APPT_MODE,TIME_BETWEEN_BOOK_AND_APPT,COUNT_OF_APPOINTMENTS
99X,E38999999,NHS Anyshire CCG,E54999999,Anyshire  STP,E40999999,Nowhere,MAR2019,Attended,GP,\
Face-to-Face,15  to 21 Days,120
99X,E38999999,NHS Anyshire CCG,E54999999,Anyshire  STP,E40999999,Nowhere,APR2020,DNA,\
Other Practice staff,Video/Online,15 to 21 Days,7
99X,E38999999,NHS Anyshire CCG,E54999999,Anyshire  STP,E40999999,Nowhere,APR2020,Unknown,Unknown,\
Unknown,Unknown / Data Issue,3
"""
_LISTS = """\
PUBLICATION,EXTRACT_DATE,TYPE,CCG_CODE,ONS_CCG_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS
GP_PRAC_PAT_LIST,01JAN2021,GP,99X,E38999999,A99001,ZZ9 9ZZ,ALL,ALL,5903
GP_PRAC_PAT_LIST,01JAN2021,GP,99X,E38999999,A99001,ZZ9 9ZZ,MALE,ALL,2903
GP_PRAC_PAT_LIST,01JAN2021,GP,99X,E38999999,A99002,ZZ9 9ZZ,ALL,ALL,8000
"""
_AREAS = """\
LSOA code (2011),LSOA name (2011),Local Authority District code (2019),\
Local Authority District name (2019),Index of Multiple Deprivation (IMD) Rank,\
Index of Multiple Deprivation (IMD) Decile
E01000001,City of London 001A,E09000001,City of London,29199,9
E01000002,City of London 001B,E09000001,City of London,30379,10
"""
_REGISTERS = """\
PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE
A99001,DEP,400,18OV,4000
A99002,DM,350,17OV,5000
"""
_SCORE_HEADS = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,"
    "Category Type,Category,Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,"
    "Lower CI 99.8 limit,Upper CI 99.8 limit,Count,Denominator,Value note,Recent Trend,"
    "Compared to England value or percentiles,Compared to percentiles,Time period Sortable,"
    "New data,Compared to goal,Time period range"
)
_SCORES = "".join(
    f"93553,Score,E92000001,England,{code},{name},{kind},Persons,All ages,,,2019,{score},,,,,,,,"
    "Cannot be calculated,Not compared,Not compared,20190000,,,1y\n"
    for code, name, kind, score in (
        ("E92000001", "England", "England", "21.72"),
        ("A99001", '"Surgery, The"', "GP", "32.5"),
    )
)
PRACTICES = (
    # code, opened, closed, status, setting
    ("A99001", "19740401", "", "A", "4"),
    ("A99002", "19740401", "20201231", "C", "4"),
    ("A99003", "20220401", "", "A", "4"),
    ("Y99004", "19740401", "", "D", "0"),
)
MEMBERSHIPS = (
    ("A99001", "U99001", "20191001", "20200930"),
    ("A99001", "U99002", "20201001", ""),
    ("A99002", "U99001", "20191001", ""),
    ("A99002", "U99002", "20200401", ""),
)


def write_references(folder: Path) -> Path:
    """Write one edition of each source as `<source>/<vintage>/`; return the folder."""
    texts = {
        "gp_appointments/2020-04/Regional_CSV_Anyshire.csv": _APPOINTMENTS.replace("\n", "\r\n"),
        "list_size/2021-01/gp-reg-pat-prac-all.csv": _LISTS,
        "imd_2019/2019/IMD2019_lsoa.csv": _AREAS,
        "qof/2020-21/PREVALENCE_2021.csv": _REGISTERS,
        "practice_imd_2019/2022-07/indicator-data.csv": f"{_SCORE_HEADS}\n{_SCORES}",
        "ods/2022-08/epraccur.csv": "".join(_practice(*row) for row in PRACTICES),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    _networks(folder / "ods/2022-08/ePCN.xlsx")
    return folder


def _practice(code: str, opened: str, closed: str, status: str, setting: str) -> str:
    fields = [
        *(code, f"PRACTICE {code}", "Y99", "Q99", "1 HIGH STREET", "", "", "", "", "ZZ9 9ZZ"),
        *(opened, closed, status, "B", "99X", opened, "", "01632 960000", "", "", "", "0", ""),
        *("99X", "", setting, ""),
    ]
    return ",".join(f'"{field}"' for field in fields) + "\n"


def _networks(path: Path) -> None:
    """The workbook of networks; its headings hold line breaks, its dates are text."""
    heads = {
        "PCNDetails": [
            "PCN Code", "PCN Name", "Current Clinical \nCommissioning \nGroup Code",
            "Clinical\nCommissioning\nGroup Name", "Open Date", "Close Date", "Address Line 1",
            "Address Line 2", "Address Line 3", "Address Line 4", "Address Line 5", "Postcode",
        ],
        "PCN Core Partner Details": [
            "Partner\nOrganisation\nCode", "Partner\nName", "Practice\nParent\nCCG Code",
            "Practice\nParent\nCCG Name", "PCN Code", "PCN Name", "PCN Parent\nCCG Code",
            "PCN Parent\nCCG Name", "Practice to PCN\nRelationship\nStart Date",
            "Practice to PCN\nRelationship\nEnd Date", "Practice CCG and PCN\nCCG Match ",
        ],
    }  # fmt: skip
    pcns = [
        [code, f"{code} PCN", "99X", "NHS ANYSHIRE CCG", "20191001", *[""] * 7]
        for code in ("U99001", "U99002")
    ]
    partners = [
        [practice, "A PRACTICE", "99X", "NHS ANYSHIRE CCG", pcn, f"{pcn} PCN", "99X",
         "NHS ANYSHIRE CCG", start, end, "true"]
        for practice, pcn, start, end in MEMBERSHIPS
    ]  # fmt: skip
    with xlsxwriter.Workbook(path) as book:
        for (sheet, head), rows in zip(heads.items(), (pcns, partners), strict=True):
            page = book.add_worksheet(sheet)
            for at, row in enumerate([head, *rows]):
                for column, cell in enumerate(row):
                    page.write_string(at, column, cell)
