"""Checks a value from a file against its pydantic type and says each mistake in plain words."""

import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.yamlfile import Document

_KINDS = {
    "string_type": ("must be text", "Put it into quotes."),
    "int_type": ("must be a whole number", "Write digits without quotes."),
    "int_from_float": ("must be a whole number", "Write digits without quotes."),
    "float_type": ("must be a number", "Write it without quotes."),
    "bool_type": ("must be true or false", "Write one of them without quotes."),
    "list_type": ("must be a list", "Write one entry per line, each beginning with `- `."),
    "tuple_type": ("must be a list", "Write one entry per line, each beginning with `- `."),
    "dict_type": ("must hold keys of its own", "Write `key: value` lines below it, indented by two blanks."),
    "model_type": ("must hold keys of its own", "Write `key: value` lines below it, indented by two blanks."),
}


def check[T](
    adapter: TypeAdapter[T],
    value: Any,
    document: Document,
    path: tuple[str | int, ...],
    problems: list[Problem],
) -> T | None:
    """The value as the adapter's type, or None after appending a problem for each mistake in it."""
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError as failure:
        annotation = getattr(adapter, "_type")  # noqa: B009 - the adapter keeps what it was made from
        for error in failure.errors(include_url=False):
            problems.append(_explain(error, annotation, document, path))
        return None


def _explain(
    error: ErrorDetails, annotation: Any, document: Document, start: tuple[str | int, ...]
) -> Problem:
    below = tuple(step for step in error["loc"] if step != "[key]")
    path = (*start, *below)
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "heft":
        return document.problem(path, context["message"], context["advice"])
    if kind == "extra_forbidden":
        known = _fields(annotation, below[:-1])
        advice = did_you_mean(str(below[-1]), known).strip() or f"Known here: {', '.join(known)}."
        return document.problem(path, "unknown key", advice)
    if kind == "missing":
        owner = _model(annotation, below[:-1])
        description = owner.model_fields[str(below[-1])].description if owner else None
        return document.problem(path, "is missing", f"Add it: {_lower_first(description or 'a value')}")
    if kind in ("literal_error", "enum"):
        choices = context["expected"].replace("'", "").replace(" or ", ", ")
        near = did_you_mean(given, choices.split(", ")) if isinstance(given, str) else ""
        shown = "is empty and" if given is None else f"{given!r}" if isinstance(given, str | int) else "this"
        return document.problem(path, f"{shown} is none of {choices}", f"Write one of them.{near}")
    if given is None:
        return document.problem(path, "is empty", "Write a value or remove the line.")
    if kind in _KINDS:
        return document.problem(path, *_KINDS[kind])
    if kind in ("too_short", "string_too_short"):
        return document.problem(path, "is empty", "Write at least one entry.")
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return document.problem(path, f"{given!r} is out of range", f"Write a number of {bound}.")
    return document.problem(path, error["msg"][:1].lower() + error["msg"][1:], "Write a fitting value.")


def _lower_first(text: str) -> str:
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _fields(annotation: Any, path: Sequence[str | int]) -> list[str]:
    owner = _model(annotation, path)
    return list(owner.model_fields) if owner else []


def _model(annotation: Any, path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model class that a path through lists, mappings and models ends at."""
    annotation = _bare(annotation)
    if not path:
        is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return annotation if is_model else None
    if typing.get_origin(annotation) in (list, dict, tuple):
        return _model(
            typing.get_args(annotation)[1 if typing.get_origin(annotation) is dict else 0], path[1:]
        )
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        step = str(path[0])
        return (
            _model(annotation.model_fields[step].annotation, path[1:])
            if step in annotation.model_fields
            else None
        )
    return None


def _bare(annotation: Any) -> Any:
    """Without Annotated, `type` aliases and `| None`."""
    while True:
        if isinstance(annotation, typing.TypeAliasType):
            annotation = annotation.__value__
        elif typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
            some = [part for part in typing.get_args(annotation) if part is not type(None)]
            if len(some) != 1:
                return annotation
            annotation = some[0]
        else:
            return annotation
