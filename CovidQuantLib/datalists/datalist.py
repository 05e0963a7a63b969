"""Data lists as MSD and MONAI write them: a JSON file that names images and their masks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from CovidQuantLib.messages import InputError
from CovidQuantLib.strict_json import parse_json

_WHAT = "The data list"
_LARGEST = 16 << 20
_CODE_LENGTH = 80
_HASH_DIGITS = set("0123456789abcdef")
_PAINTER = re.compile(r"[A-Za-z0-9]{1,20}")


@dataclass(frozen=True)
class Entry:
    """One case of a list: the files, and what is known of it.

    `where` names the entry in messages ("Training entry 3"). `patient` is a code; entries without one are taken as
    patients of their own. `code` is the hash that the case is known by; None: that of its voxels. `painter` names what
    made synthetic lesions: figures are given apart for each. `has_consolidation` says whether a radiologist saw
    consolidation anywhere in the patient at this CT; None: nobody has said.
    """

    where: str
    image: Path
    label: Path
    lungs: Path | None = None
    patient: str | None = None
    code: str | None = None
    painter: str | None = None
    has_consolidation: bool | None = None

    @property
    def person(self) -> str:
        """Who the entry is of: the patient's code, or the image itself where there is none."""
        return self.patient or str(self.image.resolve())


@dataclass(frozen=True)
class Unmasked:
    """A case without a mask: CT, lungs, and whether a radiologist saw consolidation anywhere. Fields as of `Entry`.

    Networks that learn from one label for each patient (`hybrid_unet_pair`) can use it, others cannot.
    """

    where: str
    image: Path
    lungs: Path
    has_consolidation: bool
    patient: str | None = None
    code: str | None = None

    @property
    def person(self) -> str:
        """As of `Entry`."""
        return self.patient or str(self.image.resolve())


@dataclass(frozen=True)
class Datalist:
    """The cases to train and to validate on; `unmasked` are cases for training as well.

    `data` says whether the lesions are real or synthetic, None where the list does not: then no accuracy is written
    onto the model's card. `reference` says who drew the masks, and from which start.
    """

    name: str
    training: tuple[Entry, ...]
    validation: tuple[Entry, ...] = ()
    licence: str | None = None
    attribution: tuple[str, ...] = ()
    data: Literal["real", "synthetic"] | None = None
    reference: str | None = None
    unmasked: tuple[Unmasked, ...] = ()


def read_datalist(path: Path, *, unmasked: bool = False) -> Datalist:
    """The data list in the JSON file `path`; its file names are relative to its folder.

        {"name": "...", "training": [{"image": "a.nii.gz", "label": "a-mask.nii.gz"}, ...], "validation": [...]}

    Of an entry also "lungs" (a mask), "patient" (a code), "hash", "painter" and "has_consolidation" (true, false or
    null: one label for the whole patient) are read; of the list "licence",
    "attribution" (a text or a list of texts), "data" ("real" or "synthetic") and "reference" (who drew the masks).
    Other fields, which MSD lists have, are passed over. With `unmasked` a training entry may lack its "label" where it
    has "lungs" and says "has_consolidation".
    Raises `InputError` with one sentence where it is no such list.
    """
    try:
        if not path.is_file():
            raise InputError("The data list does not exist, or is no file. Check the path.")
        content = path.read_bytes() if path.stat().st_size <= _LARGEST else b" " * (_LARGEST + 1)
    except OSError as error:
        raise InputError("The data list cannot be read. Check that you may read it.") from error
    values = parse_json(content, _WHAT, largest=_LARGEST)
    listed, validated = (
        _entries(values.get(key, []), key.capitalize(), path.parent, unmasked=unmasked and key == "training")
        for key in ("training", "validation")
    )
    training, validation = (tuple(one for one in part if isinstance(one, Entry)) for part in (listed, validated))
    if not training:
        raise InputError('The data list names no training cases with a mask. List them under "training".')
    data = _text(values, "data")
    if data not in (None, "real", "synthetic"):
        raise InputError('The field "data" of the data list must be "real" or "synthetic".')
    return Datalist(
        name=_text(values, "name") or "model",
        training=training,
        validation=validation,
        licence=_text(values, "licence"),
        attribution=_texts(values, "attribution"),
        data=data,  # type: ignore[arg-type]  # checked above
        reference=_text(values, "reference"),
        unmasked=tuple(one for one in listed if isinstance(one, Unmasked)),
    )


def _entries(listed: Any, what: str, folder: Path, *, unmasked: bool) -> tuple[Entry | Unmasked, ...]:
    if not isinstance(listed, list):
        raise InputError(f'The field "{what.lower()}" of the data list must be a list of entries.')
    return tuple(
        _entry(value, f"{what} entry {number}", folder, unmasked=unmasked) for number, value in enumerate(listed, 1)
    )


def _entry(value: Any, where: str, folder: Path, *, unmasked: bool) -> Entry | Unmasked:
    if not isinstance(value, dict):
        raise InputError(f'{where} of the data list is no object with "image" and "label".')
    image, label, lungs = (_file(value, key, where, folder) for key in ("image", "label", "lungs"))
    if image is None or (label is None and not unmasked):
        raise InputError(f'{where} of the data list lacks its "image" or its "label".')
    patient, code = _text(value, "patient", where), _text(value, "hash", where)
    if code is not None and not (12 <= len(code) <= 64 and set(code) <= _HASH_DIGITS):
        raise InputError(f'{where} of the data list: "hash" must be 12 to 64 hexadecimal digits in lower case.')
    if patient is not None and len(patient) > _CODE_LENGTH:
        raise InputError(f'{where} of the data list: "patient" must be a code of at most {_CODE_LENGTH} letters.')
    painter = _text(value, "painter", where)
    if painter is not None and _PAINTER.fullmatch(painter) is None:
        raise InputError(f'{where} of the data list: "painter" must be 1 to 20 letters and digits.')
    has_consolidation = value.get("has_consolidation")
    if not isinstance(has_consolidation, bool | None):
        raise InputError(f'{where} of the data list: "has_consolidation" must be true, false or null.')
    if label is not None:
        return Entry(where, image, label, lungs, patient, code, painter, has_consolidation)
    if lungs is None or has_consolidation is None:
        raise InputError(
            f'{where} of the data list has no "label": it needs its "lungs", and "has_consolidation" must be said.'
        )
    return Unmasked(where, image, lungs, has_consolidation, patient, code)


def _file(value: Mapping[str, Any], key: str, where: str, folder: Path) -> Path | None:
    name = _text(value, key, where)
    return None if name is None else folder / name


def _text(value: Mapping[str, Any], key: str, where: str | None = None) -> str | None:
    found = value.get(key)
    if found is not None and not (isinstance(found, str) and found):
        place = "the data list" if where is None else f"{where} of the data list"
        raise InputError(f'The field "{key}" of {place} must be a text that is not empty.')
    return found


def _texts(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key, [])
    found = [found] if isinstance(found, str) else found
    if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
        raise InputError(f'The field "{key}" of the data list must be a text or a list of texts.')
    return tuple(found)
