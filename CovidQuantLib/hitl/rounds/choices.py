"""What `next` chose, kept so that each corrected scan can say by which rule it was chosen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from CovidQuantLib.hitl.pool import History, Pool
from CovidQuantLib.hitl.pool.layout import coded_entries, new_code
from CovidQuantLib.hitl.rounds.places import choices_folder, damaged, read_record, write_record

Rule = Literal["random", "uncertain", "largest", "unlike"]
NOT_RECORDED = "not recorded"
_KIND = "choice"


@dataclass(frozen=True)
class Choice:
    """One scan that `rule` chose among `among` scans, drawn with `seed`; `model` is the one asked, None for none.

    `value` is what the rule measured, None for a random choice. `sequence` is the scan's next number when it was
    chosen: readings from it on follow the choice. `number` counts the choices of the scan.
    """

    id: str
    scan: str
    sequence: int
    number: int
    rule: Rule
    seed: int
    among: int
    model: str | None
    value: float | None


def choices(pool: Pool) -> dict[str, tuple[Choice, ...]]:
    """All choices by scan, in order. Raises `InputError` where one is damaged."""
    found: dict[str, list[Choice]] = {}
    for path in coded_entries(choices_folder(pool)):
        one = read_choice(path)
        found.setdefault(one.scan, []).append(one)
    return {
        scan: tuple(sorted(ones, key=lambda one: (one.sequence, one.number, one.id))) for scan, ones in found.items()
    }


def read_choice(path: Path) -> Choice:
    """The choice in a file. Raises `InputError` where it is damaged."""
    values = read_record(path, _KIND)
    try:
        return Choice(**{name: values[name] for name in Choice.__dataclass_fields__})
    except KeyError as error:
        raise damaged(_KIND) from error


def record_choice(
    pool: Pool, past: History, *, rule: Rule, seed: int, among: int, model: str | None, value: float | None
) -> Choice:
    """Keep that `rule` chose a scan. Raises `InputError` where the pool cannot be written."""
    number = 1 + len(choices(pool).get(past.scan.code, ()))
    one = Choice(new_code(), past.scan.code, past.next_sequence, number, rule, seed, among, model, value)
    write_record(pool, choices_folder(pool) / f"{one.id}.json", _KIND, asdict(one))
    return one


def rule_of(found: tuple[Choice, ...], sequence: int) -> str:
    """The rule by which a scan was chosen before the reading with this sequence number began."""
    before = [one for one in found if one.sequence <= sequence]
    return before[-1].rule if before else NOT_RECORDED
