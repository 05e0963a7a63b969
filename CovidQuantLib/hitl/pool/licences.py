"""Under which licence a scan and its masks may be used: recorded for each scan, shown, and a reason to leave it out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from CovidQuantLib.hitl.pool.own_words import check_own_words
from CovidQuantLib.messages import InputError

_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .+()/-]{0,79}")
_NON_COMMERCIAL = re.compile(r"\b(NC|non[ -]?commercial)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Licence:
    """`name` as a person reads it; `non_commercial` is None where nobody has said: it is then treated as if it were."""

    name: str
    non_commercial: bool | None

    @property
    def is_free(self) -> bool:
        """Whether commercial use is known to be allowed."""
        return self.non_commercial is False


OWN = Licence("own data of this site", non_commercial=False)
NOT_STATED = Licence("not stated", non_commercial=None)


def licence(name: str, *, non_commercial: bool | None = None) -> Licence:
    """The licence called `name`; "NC" or "non-commercial" in it says so itself. Raises `InputError` for odd text."""
    if _TEXT.fullmatch(name) is None:
        raise InputError("A licence is named by letters, digits and spaces, 80 at most: 'CC BY 4.0'.")
    check_own_words("A licence's name", name)
    if name.casefold() == NOT_STATED.name and non_commercial is None:
        return NOT_STATED
    return Licence(name, bool(_NON_COMMERCIAL.search(name)) if non_commercial is None else non_commercial)


def licence_values(one: Licence) -> dict[str, Any]:
    """A licence as it stands in a record."""
    return {"name": one.name, "non_commercial": one.non_commercial}


def licence_from(values: Any) -> Licence:
    """The licence in a record. Raises `InputError` where it is none."""
    if isinstance(values, dict) and isinstance(values.get("name"), str) and values.get("non_commercial") in (
        True, False, None,
    ):  # fmt: skip
        return Licence(values["name"], values["non_commercial"])
    raise InputError("A scan's record does not say under which licence it is. Restore it from a backup.")
