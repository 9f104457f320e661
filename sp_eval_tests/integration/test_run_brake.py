"""The brake: a month most of which cannot be right waits for a named person."""

from __future__ import annotations

from pathlib import Path

import yaml

from sp_eval_tests.support.runs import MONTH, Made, published

NOT_ACCEPTED = (
    "- {delivery_id: ID, accepted_by: ' ', reason: seen}",
    "- {delivery_id: ID, accepted_by: A. Analyst}",
)


def spoil_every_fourth_row(path: Path) -> None:
    """Date a quarter of the rows in a far future, as an export gone wrong does."""
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    spoilt = [row.replace("/201", "/291") if n % 4 == 0 else row for n, row in enumerate(rows)]
    path.write_text("\n".join([header, *spoilt]) + "\n", encoding="utf-8")


def statuses(home: Path, scheme: str) -> set[tuple[str, str]]:
    return set(
        published(
            home,
            f"""select distinct role, status from published.estimate
            where scheme_code = '{scheme}' and outcome = 'gp_contact'""",
        )
    )


def test_it_stops_one_scheme_until_a_named_person_accepts(spoilt: Made, narrow: Made) -> None:
    spoil_every_fourth_row(spoilt.landing / "rotherham" / MONTH / "SUS_AE.csv")
    stopped = spoilt.run_again()
    assert stopped.status == 1
    told = stopped.sentences()
    assert "rotherham/2019-04/SUS_AE.csv: refused (brake)." in told
    assert "more than 20% of the file, so the month was stopped." in told
    assert "rotherham/2019-04: stopped by the brake; none of its 5 other files is used" in told
    ((delivery_id, rows, refused),) = published(
        spoilt.home,
        """select delivery_id, rows_in, rows_quarantined from published.delivery
        where file = 'SUS_AE.csv' and status = 'refused'""",
    )
    assert refused > 0.2 * rows
    assert f'write into {spoilt.home}/accepted.yaml: - {{delivery_id: "{delivery_id}"' in told
    assert statuses(spoilt.home, "rotherham") == {
        (role, "withheld") for role in ("primary", "sensitivity", "descriptive")
    }
    assert statuses(spoilt.home, "gloucestershire") == statuses(narrow.home, "gloucestershire")

    accepted = spoilt.home / "accepted.yaml"
    for text in NOT_ACCEPTED:
        accepted.write_text(text.replace("ID", f'"{delivery_id}"'), encoding="utf-8")
        refused_again = spoilt.run_again()
        assert refused_again.status == 1, text
        assert "accepted.yaml cannot be read: it must list entries" in refused_again.sentences()
        assert "refused (brake)" in refused_again.sentences()

    entry = {"delivery_id": delivery_id, "accepted_by": "A. Analyst", "reason": "seen and known"}
    accepted.write_text(yaml.safe_dump([entry]), encoding="utf-8")
    let_through = spoilt.run_again()
    assert let_through.status == 0, let_through.sentences()
    assert "Accepted: A. Analyst: seen and known" in let_through.sentences()
    assert ("primary", "released") in statuses(spoilt.home, "rotherham")
    used = published(
        spoilt.home,
        f"""select status, rows_in, rows_quarantined from published.delivery
        where delivery_id = '{delivery_id}'""",
    )
    assert used == [("current", rows, refused)]
    assert "nothing was written" in spoilt.run_again().sentences()
