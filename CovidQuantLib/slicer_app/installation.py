"""What Slicer's Python lacks, said and asked for before anything is installed; never at a start, only on a button.

PyTorch comes through Slicer's PyTorch extension, which knows the graphics card; one that is there is never touched.
The rest comes through Slicer's own packaging, as ranges, so that nothing that works is replaced.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.messages import InputError

BASE = {"matplotlib": "matplotlib>=3.8", "jinja2": "Jinja2>=3.1", "tqdm": "tqdm>=4.66"}
"""What the computation and its report need, by the name that is imported."""
NETWORKS = {"monai": "monai>=1.5.2", "safetensors": "safetensors>=0.4"}
TORCH, TORCH_RANGE = "torch", ">=2.6"

Found = Callable[[str], object]


def missing(wanted: dict[str, str], found: Found = find_spec) -> list[str]:
    """The requirements of `wanted` whose package is not here. Imports none."""
    return [requirement for name, requirement in wanted.items() if found(name) is None]


def packages_sentence(found: Found = find_spec) -> str:
    """What is here and what is not, for the settings."""
    lacking = [*missing(BASE, found), *([TORCH] if found(TORCH) is None else []), *missing(NETWORKS, found)]
    if not lacking:
        return _("Everything that networks need is installed.")
    return _("Not installed: {packages}. Without them the threshold baseline is used.").format(
        packages=", ".join(name.partition(">")[0] for name in lacking)
    )


def ensure_base(found: Found = find_spec) -> bool:
    """Install what every computation needs, after asking; whether it is here now. Raises `InputError` on failure."""
    return _ensure(missing(BASE, found), lambda: missing(BASE, found))


def ensure_networks(found: Found = find_spec) -> bool:
    """Install what networks need, after asking; whether it is here now. Raises `InputError` on failure."""
    if not ensure_base(found):
        return False
    if found(TORCH) is None:
        _install_torch()
        importlib.invalidate_caches()
        if found(TORCH) is None:  # declined: its dialog has asked
            return False
    return _ensure(missing(NETWORKS, found), lambda: missing(NETWORKS, found))


def _install_torch() -> None:
    try:
        utilities: Any = importlib.import_module("PyTorchUtils")
    except ImportError as error:
        raise InputError(
            _("PyTorch comes with Slicer's extension PyTorch. Install it in the Extensions Manager, and start again.")
        ) from error
    logic = utilities.PyTorchUtilsLogic()
    _guarded(lambda: logic.installTorch(askConfirmation=True, torchVersionRequirement=TORCH_RANGE))


def _ensure(requirements: list[str], still_missing: Callable[[], list[str]]) -> bool:
    if not requirements:
        return True
    question = _(
        "CovidQuant computes with these Python packages, which Slicer's Python does not have yet:\n{packages}\n"
        "They come from the internet and are put into Slicer's Python; nothing that is there is replaced, and nothing "
        "about any patient is sent. Install them now?"
    )
    if not slicer.util.confirmYesNoDisplay(question.format(packages="\n".join(requirements))):
        return False
    _guarded(lambda: _install(requirements))
    importlib.invalidate_caches()
    return not still_missing()


def _install(requirements: list[str]) -> None:
    try:
        packaging: Any = importlib.import_module("slicer.packaging")
    except ImportError:  # before Slicer 5.12
        slicer.util.pip_install(requirements)
        return
    from packaging.requirements import Requirement  # which that module works with itself

    wanted = [Requirement(requirement) for requirement in requirements]
    packaging.pip_ensure(wanted, prompt_install=False, requester="CovidQuant")


def _guarded(install: Callable[[], object]) -> None:
    try:
        install()
    except Exception as error:  # pip fails in many ways, and the log has them
        logging.getLogger(__name__).exception("installing a package failed")
        raise InputError(
            _("The packages could not be installed. Check the connection to the internet, and try again.")
        ) from error
