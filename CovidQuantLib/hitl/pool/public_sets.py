"""Public data sets of COVID-19 CT by their real layout: which files belong together, what labels mean, which licence.

Only the layout is known here; nobody's files are downloaded.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from CovidQuantLib.hitl.pool.events import Value
from CovidQuantLib.hitl.pool.licences import NOT_STATED, Licence
from CovidQuantLib.hitl.pool.revisions import Classes
from CovidQuantLib.messages import InputError

_LARGEST_REGISTRY = 1 << 20


@dataclass(frozen=True)
class PublicCase:
    """One case of a set: its files, and the ID of its patient within the set. `labels` are facts of the patient."""

    patient_id: str
    image: Path
    mask: Path
    lungs: Path | None = None
    labels: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class PublicSet:
    """One data set.

    `reader` is the code under which its masks stand in a pool. `mask_labels` and `lung_labels` give our label for each
    of theirs; what is missing there refuses the case. `remarks` are shown when it is imported.
    """

    key: str
    name: str
    reader: str
    licence: Licence
    classes: Classes
    mask_labels: Mapping[int, int]
    find: Callable[[Path], tuple[PublicCase, ...]] = field(repr=False)
    lung_labels: Mapping[int, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def public_sets() -> tuple[PublicSet, ...]:
    """All sets whose layout is known."""
    return (_COVID_19_CT_SEG, _MOSMED, _COVID_19_20, _MEDSEG)


def recognise(folder: Path, key: str | None = None) -> tuple[PublicSet, tuple[PublicCase, ...]]:
    """The set that lies in `folder` (or the one called `key`), and its cases.

    Raises `InputError` where no set, or not that one, is recognised.
    """
    if not folder.is_dir():
        raise InputError("A public data set is given as its folder, unpacked. Check the path.")
    for one in public_sets():
        if key in (None, one.key) and (cases := one.find(folder)):
            return one, cases
    names = ", ".join(one.name for one in public_sets())
    raise InputError(
        f"The folder holds no CTs with masks in the layout of a public set that is known ({names}). Unpack it as it "
        "was published; other masks are imported one by one: covidquant pool import POOL CT MASK."
    )


def _covid_19_ct_seg(folder: Path) -> tuple[PublicCase, ...]:
    found = []
    for image in sorted((folder / "COVID-19-CT-Seg_20cases").glob("*.nii.gz")):
        mask, lungs = folder / "Infection_Mask" / image.name, folder / "Lung_Mask" / image.name
        if mask.is_file():
            found.append(PublicCase(_stem(image), image, mask, lungs if lungs.is_file() else None))
    return tuple(found)


def _mosmed(folder: Path) -> tuple[PublicCase, ...]:
    categories = _registry(folder / "dataset_registry.csv")
    found = []
    for mask in sorted((folder / "masks").glob("study_*_mask.nii.gz")):
        study = mask.name.removesuffix("_mask.nii.gz")
        for image in sorted((folder / "studies").glob(f"CT-*/{study}.nii.gz")):
            category = categories.get(study, image.parent.name)
            labels: dict[str, Value] = {"mosmed_category": category} if re.fullmatch(r"CT-[0-4]", category) else {}
            found.append(PublicCase(study, image, mask, labels=labels))
    return tuple(found)


def _registry(path: Path) -> dict[str, str]:
    """The severity of each study in MosMedData's registry; none where it cannot be read: the folders say it too."""
    try:
        text = path.read_bytes()[:_LARGEST_REGISTRY].decode("utf-8-sig")
        rows = list(csv.DictReader(text.splitlines()))
        return {f"study_{int(row['study_id']):04d}": row["category"] for row in rows}
    except (OSError, KeyError, ValueError, TypeError, csv.Error):
        return {}


def _covid_19_20(folder: Path) -> tuple[PublicCase, ...]:
    for place in (folder, folder / "Train", folder / "COVID-19-20_v2" / "Train"):
        found = []
        for image in sorted(place.glob("volume-covid19-A-*_ct.nii.gz")):
            mask = image.with_name(image.name.replace("_ct.nii.gz", "_seg.nii.gz"))
            if mask.is_file():
                found.append(PublicCase(_stem(image).removesuffix("_ct"), image, mask))
        if found:
            return tuple(found)
    return ()


def _medseg(folder: Path) -> tuple[PublicCase, ...]:
    found = []
    for image in sorted((folder / "rp_im").glob("*.nii.gz")):
        mask, lungs = folder / "rp_msk" / image.name, folder / "rp_lung_msk" / image.name
        if mask.is_file():
            found.append(PublicCase(f"rp {_stem(image)}", image, mask, lungs if lungs.is_file() else None))
    return tuple(found)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".nii.gz")


_COVID_19_CT_SEG = PublicSet(
    key="covid-19-ct-seg",
    name="COVID-19-CT-Seg",
    reader="covid-19-ct-seg",
    licence=Licence("CC BY-NC-SA", non_commercial=True),
    classes="infection",
    mask_labels={0: 0, 1: 1},
    lung_labels={0: 0, 1: 2, 2: 1},
    find=_covid_19_ct_seg,
    remarks=("Its ten cases from Radiopaedia hold grey values from 0 to 255, not HU: they are left out.",),
)
_MOSMED = PublicSet(
    key="mosmed",
    name="MosMedData",
    reader="mosmed",
    licence=Licence("CC BY-NC-ND 3.0", non_commercial=True),
    classes="infection",
    mask_labels={0: 0, 1: 1},
    find=_mosmed,
    remarks=("Only the studies with a mask are imported.",),
)
_COVID_19_20 = PublicSet(
    key="covid-19-20",
    name="COVID-19-20",
    reader="covid-19-20",
    licence=NOT_STATED,
    classes="infection",
    mask_labels={0: 0, 1: 1},
    find=_covid_19_20,
    remarks=("Its files state no licence. Name the one that you were given it under: --licence.",),
)
_MEDSEG = PublicSet(
    key="medseg",
    name="MedSeg",
    reader="medseg",
    licence=Licence("CC0", non_commercial=False),
    classes="ground glass and consolidation",
    mask_labels={0: 0, 1: 1, 2: 2, 3: 0},
    lung_labels={0: 0, 1: 2, 2: 1},
    find=_medseg,
    remarks=(
        "Pleural effusion (label 3) is no infection here and is left out.",
        "tr_im.nii.gz is a pile of single slices of many patients, no volume: it is left out.",
    ),
)
