"""The README tells the truth: its commands run, its five lines give the published estimate."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from sp_eval_tests.support.documents import (
    after_make_run,
    blocks_of,
    commands_of,
    missing_from,
    run_block,
)

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "README.md"
README = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = blocks_of(DOCUMENT)
COMMANDS = commands_of(DOCUMENT)
EXCERPT = next(block.text for block in BLOCKS if block.kind == "text")
FIVE_LINES = next(block.text for block in BLOCKS if block.kind == "python")


@pytest.fixture(scope="module")
def example(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """A folder in which the main job has been done, as the project's own, and what it printed."""
    folder, printed = after_make_run(
        tmp_path_factory.getbasetemp(), into=tmp_path_factory.mktemp("readme") / "project"
    )
    (folder / "data_contracts").symlink_to(ROOT / "data_contracts", target_is_directory=True)
    return folder, printed


@pytest.fixture
def in_folder(example: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(example[0])
    return example[0]


def published(folder: Path, sql: str) -> list[tuple[float, ...]]:
    path = folder / "var/example/published/research.duckdb"
    with duckdb.connect(str(path), read_only=True) as conn:
        return conn.sql(sql).fetchall()


def test_it_opens_with_the_two_commands() -> None:
    assert BLOCKS[0].kind == "bash"
    assert [line.split("#")[0].strip() for line in BLOCKS[0].text.splitlines()] == [
        "make run",
        "make test",
    ]
    assert README.index("make run") < 40
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in {"run", "test", *re.findall(r"`make (?:PYTHON=\S+ )?([a-z]+)`", README)}:
        assert re.search(rf"^{target}:", targets, flags=re.MULTILINE), target


def test_what_the_reader_sees_is_what_is_printed(example: tuple[Path, str]) -> None:
    shown = [line for line in EXCERPT.splitlines() if set(line) - set(" ─")]
    assert len(shown) == 8
    assert missing_from(example[1], EXCERPT) == []


def test_the_falls_it_speaks_of_are_those_found(example: tuple[Path, str]) -> None:
    found = dict(
        published(
            example[0],
            """select method, point from published.estimate where scheme_code = 'rotherham'
            and outcome = 'gp_contact' and role = 'descriptive' and scale = 'rate_ratio'""",
        )
    )
    told = re.search(
        r"contacts fell by\s+(\d+)%.*?fell by (\d+)% too\. The true effect is (\d+)%",
        README,
        flags=re.DOTALL,
    )
    assert told is not None
    falls = [round(100 * (1 - found[m])) for m in ("before_after", "expected_from_selection")]
    assert [int(told[1]), int(told[2])] == falls
    assert int(told[3]) == 25


def test_every_command_has_an_example() -> None:
    helped = run_block("sp-eval --help", ROOT).printed
    commands = set(re.findall(r"^│ ([a-z]+) {2,}", helped, flags=re.MULTILINE))
    assert {shlex.split(line)[1] for line in COMMANDS} == commands


@pytest.mark.parametrize("line", [c for c in COMMANDS if shlex.split(c)[1] != "ui"])
def test_the_examples_run(line: str, example: tuple[Path, str]) -> None:
    ran = run_block(line, example[0])
    assert ran.status == 0, ran.printed
    assert ran.printed.strip()


def test_the_example_of_the_ui_names_options_that_there_are() -> None:
    line = next(c for c in COMMANDS if shlex.split(c)[1] == "ui")
    helped = run_block("sp-eval ui --help", ROOT)
    assert helped.status == 0
    options = [word for word in shlex.split(line) if word.startswith("--")]
    assert options
    assert [option for option in options if option not in helped.printed] == []


def test_the_five_lines_are_five() -> None:
    statements = [line for line in FIVE_LINES.splitlines() if line and "import" not in line]
    assert len(statements) == 5


@pytest.mark.parametrize("scheme", ["rotherham", "gloucestershire"])
@pytest.mark.parametrize("outcome", ["gp_contact", "ae_attendance", "emergency_admission"])
def test_the_five_lines_give_the_published_estimate(
    scheme: str, outcome: str, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = FIVE_LINES.replace("'rotherham'", f"'{scheme}'").replace("'gp_contact'", f"'{outcome}'")
    assert scheme in code
    assert outcome in code
    exec(compile(code, "README.md", "exec"), {})
    found = float(capsys.readouterr().out.split()[-1])
    ((point,),) = published(
        in_folder,
        f"""select point from published.estimate where scheme_code = '{scheme}'
        and outcome = '{outcome}' and role = 'primary' and scale = 'rate_ratio'""",
    )
    assert found == pytest.approx(point, abs=1e-6)


def test_an_empty_landing_folder_ends_with_the_status_told(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    assert run_block("sp-eval run --landing landing --home var", tmp_path).status == 2
    assert "| 2 | nothing was begun" in README
