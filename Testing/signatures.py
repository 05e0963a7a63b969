"""How a public name of the library is called, as one line of text; what `docs/hitl_api.md` is compared with."""

from __future__ import annotations

import inspect
import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_origin

_PLAIN = (str, int, float, bool, type(None), tuple)


def signature_line(name: str, thing: Any) -> str:
    """`name(parameter: type = default, ...) -> type`; a value type with its words, a constant with its type."""
    if get_origin(thing) is not None:
        return f"{name} = {' | '.join(map(_default, get_args(thing)))}"
    if is_dataclass(thing) and inspect.isclass(thing):
        return f"{name}({', '.join(_fields(thing))})"
    if inspect.isclass(thing) or isinstance(thing, types.FunctionType):
        return f"{name}{_called(thing)}"
    return f"{name}: {type(thing).__name__}"


def method_line(thing: Any, name: str) -> str:
    """The same of a method, without `self`; of a property, its name and type."""
    found = inspect.getattr_static(thing, name)
    if isinstance(found, property):
        return f".{name}: {_annotation(inspect.signature(_getter(found)).return_annotation)}"
    return f".{name}{_called(found, without_self=True)}"


def _getter(found: property) -> Any:
    assert found.fget is not None
    return found.fget


def _called(thing: Any, *, without_self: bool = False) -> str:
    signature = inspect.signature(thing)
    shown: list[str] = []
    is_marked = False
    for number, one in enumerate(signature.parameters.values()):
        if without_self and number == 0:
            continue
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not is_marked:
            is_marked = True
            shown.append("*")
        shown.append(_parameter(one.name, one.annotation, one.default, inspect.Parameter.empty))
    gives = "" if inspect.isclass(thing) else f" -> {_annotation(signature.return_annotation)}"
    return f"({', '.join(shown)}){gives}"


def _fields(thing: Any) -> list[str]:
    shown = []
    for one in fields(thing):
        if one.name.startswith("_"):
            continue
        made = one.default_factory
        if made is MISSING:
            shown.append(_parameter(one.name, one.type, one.default, MISSING))
        else:
            called = f"{made.__name__}()" if inspect.isclass(made) else "..."
            shown.append(f"{_parameter(one.name, one.type, MISSING, MISSING)} = {called}")
    return shown


def _parameter(name: str, annotation: Any, default: Any, absent: Any) -> str:
    text = name if annotation is inspect.Parameter.empty else f"{name}: {_annotation(annotation)}"
    return text if default is absent else f"{text} = {_default(default)}"


def _default(value: Any) -> str:
    if isinstance(value, _PLAIN):
        return repr(value).replace("'", '"')
    return str(getattr(value, "__name__", "..."))


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return "None" if annotation is None else str(getattr(annotation, "__name__", annotation))
