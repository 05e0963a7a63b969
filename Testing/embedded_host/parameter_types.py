"""How a parameter node keeps a typed value, and which values it refuses."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer


@dataclass(frozen=True)
class Default:
    """`Annotated[..., Default(value)]`."""

    value: Any


@dataclass(frozen=True)
class WithinRange:
    """`Annotated[float, WithinRange(low, high)]`."""

    minimum: float
    maximum: float

    def check(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} and {self.maximum}")


@dataclass(frozen=True)
class Choice:
    """`Annotated[str, Choice([...])]`."""

    choices: list[Any]

    def check(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is none of {self.choices}")


@dataclass(frozen=True)
class Parameter:
    """One attribute of a wrapper class: its type, its default, its checks."""

    name: str
    kind: type
    optional: bool
    default: Any
    checks: tuple[Any, ...]

    def check(self, value: Any) -> None:
        """Raise TypeError or ValueError for a value that Slicer's wrapper refuses."""
        if value is None and (self.optional or self.is_node):
            return
        allowed = (int, float) if self.kind is float else self.kind
        if not isinstance(value, allowed) or (self.kind is int and isinstance(value, bool)):
            raise TypeError(f"{self.name} takes {self.kind.__name__}, not {value!r}")
        for check in self.checks:
            check.check(value)

    @property
    def is_node(self) -> bool:
        return issubclass(self.kind, slicer.vtkMRMLNode)

    def is_in(self, node: Any) -> bool:
        return self.is_node or node.GetParameter(self.name) != ""

    def write(self, node: Any, value: Any) -> None:
        self.check(value)
        if self.is_node:
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
        else:
            node.SetParameter(self.name, _as_text(value))

    def read(self, node: Any) -> Any:
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if text == "":
            return self.default
        return None if text == "None" and self.optional else _readers(self.kind)(text.removeprefix("="))


def parameters_of(owner: type) -> dict[str, Parameter]:
    """The parameters that a class declares by its annotations; raises TypeError for a type that is not kept."""
    hints = typing.get_type_hints(owner, include_extras=True)
    return {name: _parameter(name, hint, owner) for name, hint in hints.items()}


def _parameter(name: str, hint: Any, owner: type) -> Parameter:
    notes: tuple[Any, ...] = ()
    if typing.get_origin(hint) is typing.Annotated:
        hint, *rest = typing.get_args(hint)
        notes = tuple(rest)
    optional = typing.get_origin(hint) in (typing.Union, types.UnionType)
    kind = next(kind for kind in typing.get_args(hint) if kind is not type(None)) if optional else hint
    if not (isinstance(kind, type) and issubclass(kind, (bool, int, float, str, Path, enum.Enum, slicer.vtkMRMLNode))):
        raise TypeError(f"a parameter node of the host keeps no {hint!r} ({name})")
    noted = next((note.value for note in notes if isinstance(note, Default)), _natural_default(kind, optional=optional))
    checks = tuple(note for note in notes if not isinstance(note, Default))
    return Parameter(name, kind, optional, vars(owner).get(name, noted), checks)


def _natural_default(kind: type, *, optional: bool) -> Any:
    if optional or issubclass(kind, slicer.vtkMRMLNode):
        return None
    return next(iter(kind)) if issubclass(kind, enum.Enum) else kind()


def _as_text(value: Any) -> str:
    """The text in the node; strings behind "=", since an empty parameter is none."""
    if isinstance(value, enum.Enum):
        return value.name
    return f"={value}" if isinstance(value, (str, Path)) else str(value)


def _readers(kind: type) -> Callable[[str], Any]:
    if issubclass(kind, enum.Enum):
        return lambda text: kind[text]
    return (lambda text: text == "True") if kind is bool else kind
