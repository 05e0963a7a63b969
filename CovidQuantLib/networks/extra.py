"""The optional extra `networks`: whether it is here, and the one sentence where it is not."""

from __future__ import annotations

from importlib.util import find_spec

from CovidQuantLib.messages import InputError

_PACKAGES = ("torch", "monai", "safetensors")


def missing_packages() -> tuple[str, ...]:
    """The packages of the extra that cannot be imported here. Imports none of them."""
    return tuple(name for name in _PACKAGES if find_spec(name) is None)


def require_networks() -> None:
    """Raise `InputError` where a package of the extra is missing; called before its first import in a job."""
    if missing := missing_packages():
        raise InputError(
            f"Networks need {' and '.join(missing)}, which this Python does not have. "
            'Install the extra: pip install "CovidQuantLib[networks]".'
        )
