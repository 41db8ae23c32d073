"""A module's argument specification, read from the module's own script as it arrives.

Ansible.Basic modules declare a hashtable literal; older ones read each argument with Get-AnsibleParam. What
is computed at run time (delegates as types, conditions) cannot be read and is left unchecked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

#: Stands for an expression that only PowerShell could evaluate.
COMPUTED = object()


@dataclass(frozen=True)
class Specification:
    """`options` and constraints as Ansible.Basic names them. `legacy`: read from Get-AnsibleParam calls."""

    options: dict[str, dict[str, Any]]
    constraints: dict[str, Any] = field(default_factory=dict)
    supports_check_mode: bool = False
    legacy: bool = False


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_pwsh.language()))


def read_specification(script: str) -> Specification | None:
    """The specification in a module's script; None when it declares none that can be read."""
    root = _parser().parse(script.encode("utf-8")).root_node
    for node in _walk(root):
        if node.type == "hash_literal_expression":
            value = _value(node)
            if (
                isinstance(value, dict)
                and isinstance(value.get("options"), dict)
                and _is_options(value["options"])
            ):
                options = {name: dict(option) for name, option in value.pop("options").items()}
                return Specification(options, value, value.get("supports_check_mode") is True)
    calls = [
        node for node in _walk(root) if node.type == "command" and _text(node).startswith("Get-AnsibleParam")
    ]
    parsing = [
        node for node in _walk(root) if node.type == "command" and _text(node).startswith("Parse-Args")
    ]
    if not parsing:
        return None
    checks = any("supports_check_mode" in _text(node) and "$true" in _text(node) for node in parsing)
    options = dict(filter(None, (_legacy_option(call) for call in calls)))
    return Specification(options, supports_check_mode=checks, legacy=True)


#: A module that adds the options of a web request calls this function of another script.
WEB_REQUEST = "Get-AnsibleWindowsWebRequestSpec"


def with_fragment(
    specification: Specification | None, fragment: Specification | None
) -> Specification | None:
    """A module's specification with the options of a fragment, as AnsibleModule.Create takes both."""
    if specification is None or fragment is None:
        return specification
    return replace(specification, options={**fragment.options, **specification.options})


def _is_options(options: dict[str, Any]) -> bool:
    return all(isinstance(option, dict) for option in options.values())


def _legacy_option(call: Node) -> tuple[str, dict[str, Any]] | None:
    """The option that one Get-AnsibleParam call reads."""
    given, positional = _command_arguments(call)
    if "obj" not in given:
        positional = positional[1:]
    name = given["name"] if "name" in given else next(iter(positional), None)
    if not isinstance(name, str):
        return None
    option: dict[str, Any] = {"required": given.get("failifempty") is True}
    if isinstance(given.get("type"), str):
        option["type"] = given["type"]
    for theirs, ours in (("aliases", "aliases"), ("validateset", "choices")):
        if theirs in given and given[theirs] is not COMPUTED:
            option[ours] = as_list(given[theirs])
    if given.get("default", COMPUTED) is not COMPUTED:
        option["default"] = given["default"]
    return name, option


def _command_arguments(call: Node) -> tuple[dict[str, Any], list[Any]]:
    """Parameters of a command by name, and those without one."""
    given: dict[str, Any] = {}
    positional: list[Any] = []
    parameter: str | None = None
    elements = call.child_by_field_name("command_elements")
    for node in elements.named_children if elements else []:
        if node.type == "command_parameter":
            parameter = _text(node).lstrip("-").casefold()
        elif node.type != "command_argument_sep":
            if parameter:
                given[parameter] = _value(node)
                parameter = None
            else:
                positional.append(_value(node))
    return given, positional


def as_list(value: Any) -> list[Any]:
    """PowerShell makes no difference between one thing and a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _value(node: Node) -> Any:
    """What a literal means: dict, list, str, int, bool, None; COMPUTED for all that is not literal."""
    match node.type:
        case "hash_literal_expression":
            entries = (entry for entry in _walk_to(node, "hash_entry"))
            return {_key(entry): _value(entry.named_children[-1]) for entry in entries}
        case "array_expression":
            return [item for child in node.named_children for item in _items(child)]
        case "array_literal_expression":
            values = [_value(child) for child in node.named_children]
            return COMPUTED if COMPUTED in values else values
        case "expression_with_unary_operator" if _text(node).startswith(","):
            return [_value(node.named_children[-1])]
        case "variable":
            return {"$true": True, "$false": False, "$null": None}.get(_text(node).casefold(), COMPUTED)
        case "string_literal" | "verbatim_string_characters" | "generic_token" | "command_name":
            return _text(node).strip("'\"")
        case "integer_literal" | "decimal_integer_literal":
            return int(_text(node)) if _text(node).isdigit() else COMPUTED
        case _:
            meaningful = [child for child in node.named_children if child.type != "comment"]
            if len(meaningful) == 1 and not any(not child.is_named for child in node.children):
                return _value(meaningful[0])
            return COMPUTED


def _items(node: Node) -> Iterator[Any]:
    """What a statement inside @( ) contributes: statements on lines of their own each add their value."""
    if node.type == "statement_list":
        for child in node.named_children:
            yield from _items(child)
    elif node.type != "comment":
        inner = node
        while (
            inner.type in ("pipeline", "pipeline_chain", "unary_expression")
            and len(inner.named_children) == 1
        ):
            inner = inner.named_children[0]
        value = _value(inner)
        if inner.type in ("array_literal_expression", "expression_with_unary_operator") and isinstance(
            value, list
        ):
            yield from value
        elif inner.type == "array_expression" and isinstance(value, list):
            yield from value  # a nested @( ) is unrolled, which is why specifications write ,@( )
        else:
            yield value


def _key(entry: Node) -> str:
    return _text(entry.named_children[0]).strip("'\"")


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _walk(child)


def _walk_to(node: Node, kind: str) -> Iterator[Node]:
    """Nearest descendants of a kind."""
    for child in node.named_children:
        if child.type == kind:
            yield child
        else:
            yield from _walk_to(child, kind)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8")
