"""The model card: all that is known of a model besides its weights. It is the file `model.json`."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from CovidQuantLib import __version__
from CovidQuantLib.inference import EVEN
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.fields import Fields, Scalar
from CovidQuantLib.networks import LabelSet, Preprocessing, label_set, network
from CovidQuantLib.strict_json import format_json, parse_json

FORMAT, FORMAT_VERSION = "covidquant-model", 1
CARD_FILE = "model.json"

Part = Literal["infection", "lungs", "lobes", "segments"]
"""The part of a segmentation that a model gives."""
_PARTS: dict[str, Part] = {
    "infection": "infection",
    "classes": "infection",
    "high_opacity": "infection",
    "lungs": "lungs",
    "lobes": "lobes",
    "segments": "segments",
}
_ID = r"[a-z2-7]{26}"
_SHA256 = r"[0-9a-f]{64}"
_CASE_HASH = r"[0-9a-f]{12,64}"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One accuracy figure with all that must stand beside it; `value` is None where it is not available."""

    name: str
    value: float | None
    unit: str
    data: Literal["real", "synthetic"]
    patients: int
    cases: tuple[str, ...]
    reference: str
    """Who drew the reference, and from which start."""
    overlap: str
    """What of these cases was seen in training: "none", or which."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """A model in words and numbers.

    `id` is random (128 bit, base32) and never reused; `parent` the id of the model that training started from.
    `threshold` is the probability from which on a label wins against the background (`inference.predict`).
    `trained_on` are hashes of the training cases, never names. `recipe` holds what repeats the training (seed, minutes,
    patch ...). `sha256` is that of `model.safetensors`, empty in a card that was never saved.
    """

    id: str
    name: str
    network: str
    arguments: Mapping[str, Any]
    in_channels: int
    preprocessing: Preprocessing
    label_set: LabelSet
    threshold: float = EVEN
    parent: str | None = None
    trained_on: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    recipe: Mapping[str, Scalar]
    attribution: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    licence: str
    sha256: str = ""

    @property
    def part(self) -> Part:
        """The part of a segmentation that this model gives."""
        return _PARTS[self.label_set.name]


def new_model_id() -> str:
    """A fresh id: 128 random bits in lower-case base32, 26 letters."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def format_card(card: ModelCard) -> bytes:
    """The bytes of `model.json`."""
    values = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "written_by": f"CovidQuant {__version__}",
        **asdict(card),
    }
    return format_json(values)


def parse_card(content: bytes) -> ModelCard:
    """The card in the bytes of a `model.json`. Raises `InputError` with one sentence for any that is not in order."""
    card = Fields(CARD_FILE, parse_json(content, CARD_FILE))
    if card.values.get("format") != FORMAT:
        raise InputError(
            "This model.json does not belong to a model of CovidQuant. Choose a folder that CovidQuant wrote."
        )
    if (version := card.whole("format_version")) != FORMAT_VERSION:
        raise InputError(
            f"This model has format version {version}, and this CovidQuant reads version {FORMAT_VERSION}. "
            "Use the CovidQuant that wrote it, or a model of this version."
        )
    card.only("format", "format_version", "written_by", *ModelCard.__dataclass_fields__)
    card.text("written_by")
    return ModelCard(
        id=card.text("id", _ID),
        name=card.text("name", r".{1,80}"),
        network=network(card.text("network")).name,
        arguments=_arguments(card),
        in_channels=_channels(card),
        preprocessing=_preprocessing(card.inside("preprocessing")),
        label_set=_label_set(card.inside("label_set")),
        threshold=_threshold(card),
        parent=card.text_or_none("parent", _ID),
        trained_on=card.texts("trained_on", _CASE_HASH),
        metrics=tuple(_metric(card, value) for value in card.items("metrics")),
        recipe=card.scalars("recipe"),
        attribution=card.texts("attribution"),
        limits=card.texts("limits"),
        licence=card.text("licence"),
        sha256=card.text("sha256", _SHA256),
    )


def _arguments(card: Fields) -> dict[str, Any]:
    """The settings of the network: names that it has; their values are checked by the network itself."""
    arguments = card.inside("arguments")
    arguments.only(*network(card.text("network")).arguments)
    return dict(arguments.values)


def _channels(card: Fields) -> int:
    channels = card.whole("in_channels")
    network(card.text("network")).reading.check_channels(channels)
    return channels


def _threshold(card: Fields) -> float:
    """A card that was written before there were thresholds has none."""
    threshold = card.number("threshold") if "threshold" in card.values else EVEN
    if not 0.0 < threshold < 1.0:
        card.refuse("threshold", "a number between 0 and 1")
    return threshold


def _preprocessing(fields: Fields) -> Preprocessing:
    fields.only(*Preprocessing.__dataclass_fields__)
    return Preprocessing(
        spacing_mm=_spacing(fields),
        hu_low=fields.whole("hu_low"),
        hu_high=fields.whole("hu_high"),
        multiple_of=fields.whole("multiple_of"),
        lungs_alone=fields.truth("lungs_alone"),
        **_of_slices(fields),
    )


def _of_slices(fields: Fields) -> dict[str, Any]:
    """What a card says of networks of slices; a card that was written before there were any says nothing."""
    read: dict[str, Callable[[str], Any]] = {
        "matrix": lambda key: None if fields.values[key] is None else fields.whole(key),
        "view": fields.text,
        "thick_slices_mm": fields.number_or_none,
        "highest_value": fields.number,
    }
    return {key: reader(key) for key, reader in read.items() if key in fields.values}


def _spacing(fields: Fields) -> tuple[float, float, float] | None:
    if fields.values.get("spacing_mm", ()) is None:
        return None
    values = fields.items("spacing_mm")
    if len(values) != 3 or not all(isinstance(mm, int | float) and not isinstance(mm, bool) for mm in values):
        fields.refuse("spacing_mm", "three numbers")
    return (float(values[0]), float(values[1]), float(values[2]))


def _label_set(fields: Fields) -> LabelSet:
    fields.only(*LabelSet.__dataclass_fields__)
    known = label_set(fields.text("name"))
    if fields.texts("labels") != known.labels:
        raise InputError(f"{CARD_FILE} cannot be used: its labels are not those of the label set {known.name}.")
    return known


def _metric(card: Fields, value: Any) -> Metric:
    fields = Fields(card.what, value) if isinstance(value, dict) else card.refuse("metrics", "a list of JSON objects")
    fields.only(*Metric.__dataclass_fields__)
    data = fields.text("data", "real|synthetic")
    return Metric(
        name=fields.text("name", r".{1,80}"),
        value=fields.number_or_none("value"),
        unit=fields.text("unit", r".{0,20}"),
        data="real" if data == "real" else "synthetic",
        patients=fields.whole("patients"),
        cases=fields.texts("cases", r".{1,80}"),
        reference=fields.text("reference"),
        overlap=fields.text("overlap"),
    )
