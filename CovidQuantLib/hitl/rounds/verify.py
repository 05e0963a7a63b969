"""`verify` with the rounds: models, promotions and choices too. Each broken promise is named; nothing is repaired."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from CovidQuantLib.hitl.pool import Pool, Problem, Verification, histories, patients, read_scan_ct, scans, verify
from CovidQuantLib.hitl.pool.layout import coded_entries, is_code, is_temporary, rounds_folder
from CovidQuantLib.hitl.rounds.choices import read_choice
from CovidQuantLib.hitl.rounds.decision import read_decision
from CovidQuantLib.hitl.rounds.places import (
    choices_folder,
    is_round_name,
    models_folder,
    promotions_folder,
    round_numbers,
)
from CovidQuantLib.hitl.rounds.promotions import BY_RULE, Promotion, read_promotion
from CovidQuantLib.hitl.rounds.verify_round import Surroundings, round_problems
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard
from CovidQuantLib.models.card import CARD_FILE, parse_card
from CovidQuantLib.models.folder import read_model_files
from CovidQuantLib.models.weights import WEIGHTS_FILE
from CovidQuantLib.progress import Progress, no_progress, part_of

_STRANGER = "There is something that the pool did not put there. Move it elsewhere."


def verify_pool(pool: Pool, progress: Progress = no_progress) -> Verification:
    """Look at every file of the pool: all that `pool.verify` looks at, and all that rounds have written.

    Raises what `progress` raises, and `OSError` of a disk that cannot be read.
    """
    found = verify(pool, part_of(progress, 0.0, 0.7))
    progress(0.7, "Verifying the models")
    models, problems = _models(pool)
    numbers = round_numbers(pool)
    around = Surroundings(
        models=models,
        pasts={past.scan.code: past for past in histories(pool)} if numbers else {},
        held_out=frozenset(one.code for one in patients(pool) if one.side.held_out),
        held_out_voxels=_held_out_voxels(pool) if models else frozenset(),
    )
    for number in numbers:
        progress(0.7 + 0.3 * number / (numbers[-1] + 1), f"Verifying round {number}")
        problems += round_problems(pool, number, around)
    problems += _gaps(numbers)
    problems += _promotion_problems(pool, models)
    problems += _choice_problems(pool, frozenset(scan.code for scan in scans(pool)))
    problems += _strangers(pool)
    progress(1.0, "Verifying the rounds")
    return replace(found, problems=(*found.problems, *problems), rounds=len(numbers))


def _models(pool: Pool) -> tuple[dict[str, ModelCard], list[Problem]]:
    """The cards of whole models by id, and what is wrong with the others."""
    whole, problems = {}, []
    folder = models_folder(pool)
    for path in coded_entries(folder):
        where = f"model {path.name}"
        try:
            card = parse_card(read_model_files(path)[0])
        except InputError as error:
            problems.append(Problem("damaged_model", where, str(error)))
            continue
        if card.id != path.name:
            problems.append(Problem("damaged_model", where, "The folder holds another model than its name says."))
            continue
        whole[card.id] = card
        if {one.name for one in path.iterdir()} != {CARD_FILE, WEIGHTS_FILE}:
            problems.append(Problem("unlisted_file", where, "There is a file that belongs to no model."))
    return whole, problems


def _held_out_voxels(pool: Pool) -> frozenset[str]:
    """The hashes by which the card of a model would name a held-out CT."""
    found = set()
    for patient in patients(pool):
        for scan in scans(pool, patient.code) if patient.side.held_out else ():
            try:
                found.add(hashlib.sha256(np.ascontiguousarray(read_scan_ct(scan).hu).data).hexdigest())
            except InputError:
                continue  # A damaged CT is named where it lies.
    return frozenset(found)


def _gaps(numbers: tuple[int, ...]) -> Iterator[Problem]:
    for number in sorted(set(range(1, max(numbers, default=0))) - set(numbers)):
        yield Problem("missing_round", f"round {number}", "A later round is there, and this one is not.")


def _promotion_problems(pool: Pool, models: Mapping[str, ModelCard]) -> Iterator[Problem]:
    found: list[Promotion] = []
    for path in coded_entries(promotions_folder(pool)):
        where = f"promotion {path.stem}"
        try:
            one = read_promotion(path)
        except InputError as error:
            yield Problem("damaged_record", where, str(error))
            continue
        found.append(one)
        if one.model is not None and one.model not in models:
            yield Problem("missing_model", where, f"Model {one.model}, which it makes the active one, is not whole.")
        if one.action == "promote":
            yield from _unfounded(pool, one, where)
    sequences = {one.sequence for one in found}
    for number in sorted(set(range(1, max(sequences, default=0))) - sequences):
        yield Problem("missing_promotion", f"promotion number {number}", "A later one is there, and this one is not.")


def _unfounded(pool: Pool, one: Promotion, where: str) -> Iterator[Problem]:
    """A promotion of a model that its round has not made, or that the rule did not promote."""
    try:
        decision = read_decision(pool, one.round) if one.round in round_numbers(pool) and one.round else None
    except InputError:
        return  # A damaged decision is named where it lies.
    if decision is None or decision.model != one.model:
        yield Problem("unfounded_promotion", where, "The round that it names has decided on no such model.")
    elif one.by == BY_RULE and decision.promotion != one.id:
        yield Problem("unfounded_promotion", where, "It says that the rule promoted, and the decision does not.")


def _choice_problems(pool: Pool, known: frozenset[str]) -> Iterator[Problem]:
    for path in coded_entries(choices_folder(pool)):
        where = f"choice {path.stem}"
        try:
            scan = read_choice(path).scan
        except InputError as error:
            yield Problem("damaged_record", where, str(error))
            continue
        if scan not in known:
            yield Problem("missing_reading", where, "The scan that was chosen is not there.")


def _strangers(pool: Pool) -> Iterator[Problem]:
    for path in _entries(rounds_folder(pool.folder)):
        if path != choices_folder(pool) and not is_round_name(path.name):
            yield Problem("unknown_entry", "rounds", _STRANGER)
    for folder in (models_folder(pool), promotions_folder(pool), choices_folder(pool)):
        for path in _entries(folder):
            if not is_code(path.name.removesuffix(".json")):
                yield Problem("unknown_entry", folder.name, _STRANGER)


def _entries(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in sorted(folder.iterdir()) if not is_temporary(path)) if folder.is_dir() else ()
