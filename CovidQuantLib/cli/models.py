"""`covidquant models`: which models there are, what they are, and which one is active."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast, get_args

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.active import activate, active_model, rollback
from CovidQuantLib.models.bundle import export_bundle
from CovidQuantLib.models.card import Part, format_card
from CovidQuantLib.models.card_text import card_text
from CovidQuantLib.models.folder import read_model_files, write_model_files
from CovidQuantLib.models.store import StoredModel, find_model, import_model, stored_models, unreadable_models
from CovidQuantLib.networks import network_names

NAME = "models"
HELP = "which models there are, and which one is active"
DESCRIPTION = """\
List the models that ship with CovidQuant and those that were imported, show a model's card, bring models in and out,
and choose which one segments.

A model is a folder with model.safetensors and model.json; reading one executes nothing. MODEL is an id, the start of
an id, or a name from the list. For each part (infection, lungs, lobes, segments) the model activated last is used, else
the shipped one. Nothing is ever deleted: 'rollback' goes back to the model that was active before, and is itself kept
in the history.
"""
_PARTS: tuple[Part, ...] = get_args(Part)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_action(actions, "list", _list, "the models that there are; * marks the active ones")
    add_action(actions, "show", _show, "a model's card").add_argument("model", metavar="MODEL")
    imported = add_action(actions, "import", _import, "check a model and copy it into the store")
    imported.add_argument("folder", metavar="DIR", type=Path, help="a folder with model.json and model.safetensors")
    imported.add_argument("--activate", action="store_true", help="make it the active one")
    exported = add_action(actions, "export", _export, "write a model into a folder of its own")
    exported.add_argument("model", metavar="MODEL")
    exported.add_argument("folder", metavar="DIR", type=Path, help="new, or empty")
    exported.add_argument("--monai", action="store_true", help="as a MONAI bundle")
    add_action(actions, "activate", _activate, "use this model from now on").add_argument("model", metavar="MODEL")
    back = add_action(actions, "rollback", _rollback, "go back to the model that was active before")
    back.add_argument("part", metavar="PART", nargs="?", choices=_PARTS, default="infection", help=", ".join(_PARTS))


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    arguments.action(arguments, channel)


def _list(arguments: argparse.Namespace, channel: Channel) -> None:  # noqa: ARG001 - every action takes them
    active = {part: _active_id(part) for part in _PARTS}
    width = max(map(len, network_names()))
    rows = []
    for one in stored_models():
        mark = "*" if active[one.card.part] == one.card.id else " "
        rows.append(
            f"{mark} {one.card.id[:8]}  {one.card.part:10} {one.source:8} {one.card.network:{width}} {one.card.name}"
        )
    broken = [f"! {name}: {sentence}" for name, sentence in unreadable_models()]
    values = [
        {**_values(one), "active": active[one.card.part] == one.card.id, "source": one.source}
        for one in stored_models()
    ]
    text = "\n".join([*rows, *broken]) or "There are no models here. See: covidquant models import --help."
    channel.result(text, {"models": values, "unreadable": len(broken)})


def _show(arguments: argparse.Namespace, channel: Channel) -> None:
    model = find_model(arguments.model)
    channel.result(card_text(model.card), {"model": _values(model)})


def _import(arguments: argparse.Namespace, channel: Channel) -> None:
    channel.progress(0.0, "Checking the model")
    model = import_model(arguments.folder)
    if arguments.activate:
        activate(model)
    state = f"active for {model.card.part}" if arguments.activate else "not active yet: covidquant models activate"
    channel.result(f"Imported {model.card.name} ({model.card.id[:8]}); {state}.", {"model": _values(model)})


def _export(arguments: argparse.Namespace, channel: Channel) -> None:
    channel.progress(0.0, "Reading the model")
    model = find_model(arguments.model)
    if arguments.monai:
        export_bundle(model.folder, arguments.folder)
    else:
        write_model_files(arguments.folder, *read_model_files(model.folder))
    form = "a MONAI bundle" if arguments.monai else "a model folder"
    channel.result(f"Exported {model.card.name} ({model.card.id[:8]}) as {form}.", {"model": _values(model)})


def _activate(arguments: argparse.Namespace, channel: Channel) -> None:
    model = find_model(arguments.model)
    read_model_files(model.folder)
    activate(model)
    channel.result(
        f"{model.card.name} ({model.card.id[:8]}) is now active for {model.card.part}.", {"model": _values(model)}
    )


def _rollback(arguments: argparse.Namespace, channel: Channel) -> None:
    part = cast("Part", arguments.part)
    rollback(part)
    model = active_model(part)
    name = f"{model.card.name} ({model.card.id[:8]})" if model else "no model; the baseline is used"
    channel.result(f"Active for {part}: {name}.", {"part": part, "model": _values(model) if model else None})


def _values(model: StoredModel) -> dict[str, Any]:
    """The card as a program reads it."""
    values: dict[str, Any] = json.loads(format_card(model.card))
    return values


def _active_id(part: Part) -> str | None:
    try:
        model = active_model(part)
    except InputError:
        return None
    return model.card.id if model else None
