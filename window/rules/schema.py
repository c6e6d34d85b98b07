"""A small checker of JSON Schema: the words our schemas and the official OCDS ones use, every fault by its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
KNOWN = frozenset(
    {
        "$ref", "$schema", "additionalProperties", "definitions", "description", "enum", "format", "items", "maxLength",
        "minItems", "minLength", "minimum", "pattern", "patternProperties", "properties", "required", "title", "type",
        "uniqueItems",
        # What the official schemas say beside a rule; it binds nobody here.
        "codelist", "default", "deprecated", "deprecatedVersion", "id", "omitWhenMerged", "openCodelist", "versionId",
        "wholeListMerge",
    }
)  # fmt: skip
RELEASE, PACKAGE, EXTENSIONS = "ocds-release-1.1.5", "ocds-package-1.1.5", "ocds-bids-lots-1.1.5"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,), "null": (type(None),),
}  # fmt: skip


@cache
def schema(name: str) -> dict[str, Any]:
    """One of the schemas beside the code; ValueError where it uses a word this checker does not know."""
    held: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    _check_words(held)
    return held


def faults(value: Any, name: str) -> list[str]:
    """What is wrong with the value by that schema, each as `place: reason`; empty where nothing is."""
    whole = schema(name)
    return list(_faults(value, whole, whole, ""))


@cache
def release_schema() -> dict[str, Any]:
    """The official release schema of OCDS 1.1.5 with the bids and lots extensions merged in, as they say to."""
    merged: dict[str, Any] = _merged(schema(RELEASE), schema(EXTENSIONS))
    _check_words(merged)
    return merged


def official_faults(package: dict[str, Any]) -> list[str]:
    """What is wrong with a release package by the official schemas of OCDS 1.1.5 and its bids and lots extensions."""
    releases = package.get("releases", [])
    found = faults({**package, "releases": releases}, PACKAGE)
    for number, one in enumerate(releases if isinstance(releases, list) else []):
        found += release_faults(one, f"/releases/{number}")
    return found


def release_faults(release: Any, place: str = "") -> list[str]:
    """What is wrong with one release by the official release schema with the two extensions."""
    whole = release_schema()
    return list(_faults(release, whole, whole, place))


def additional(release: Any) -> set[str]:
    """Fields that neither the standard nor the two extensions define, as ways through the schema: `tender/lots/x`."""
    whole = release_schema()
    return set(_additional(release, whole, whole, ""))


def _additional(value: Any, rule: dict[str, Any], whole: dict[str, Any], way: str) -> Iterator[str]:
    if "$ref" in rule:
        rule = whole["definitions"][rule["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for one in value:
            yield from _additional(one, rule.get("items", {}), whole, way)
    elif isinstance(value, dict) and "properties" in rule:
        for name, one in value.items():
            under = f"{way}/{name}".lstrip("/")
            if name in rule["properties"]:
                yield from _additional(one, rule["properties"][name], whole, under)
            elif not any(re.search(pattern, name) for pattern in rule.get("patternProperties", {})):
                yield under


def _merged(held: Any, patch: Any) -> Any:
    """RFC 7396, which is how an extension changes the release schema; no patch of ours takes anything away."""
    if not (isinstance(held, dict) and isinstance(patch, dict)):
        return patch
    return {**held, **{name: _merged(held.get(name), one) for name, one in patch.items()}}


def _check_words(held: dict[str, Any]) -> None:
    unknown = held.keys() - KNOWN
    if unknown:
        raise ValueError(f"unknown words in a schema: {sorted(unknown)}")
    nested = (held.get(name, {}).values() for name in ("properties", "definitions", "patternProperties"))
    for under in chain.from_iterable(nested):
        _check_words(under)
    if isinstance(held.get("items"), dict):
        _check_words(held["items"])


def _faults(value: Any, rule: dict[str, Any], whole: dict[str, Any], place: str) -> Iterator[str]:
    if "://" in rule.get("$ref", ""):
        return  # the releases of a package: each is checked by its own schema
    if "$ref" in rule:
        rule = whole["definitions"][rule["$ref"].rpartition("/")[2]]
    at = place or "/"
    if "type" in rule:
        kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        fits = any(
            isinstance(value, _TYPES[kind]) and (not isinstance(value, bool) or kind == "boolean") for kind in kinds
        )
        if not fits:
            yield f"{at}: {type(value).__name__} is not {' or '.join(kinds)}"
            return
    if "enum" in rule and value not in rule["enum"]:
        yield f"{at}: {value!r} is not in the list"
    if isinstance(value, str):
        yield from _text_faults(value, rule, at)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in rule and value < rule["minimum"]:
            yield f"{at}: {value} is below {rule['minimum']}"
    elif isinstance(value, list):
        if len(value) < rule.get("minItems", 0):
            yield f"{at}: too few items"
        if rule.get("uniqueItems") and len({json.dumps(one, sort_keys=True) for one in value}) < len(value):
            yield f"{at}: items are not different"
        for number, one in enumerate(value):
            yield from _faults(one, rule.get("items", {}), whole, f"{place}/{number}")
    elif isinstance(value, dict):
        known = rule.get("properties", {})
        yield from (f"{at}: {name} is missing" for name in rule.get("required", []) if name not in value)
        for name, one in value.items():
            shaped = next((r for p, r in rule.get("patternProperties", {}).items() if re.search(p, name)), None)
            if name in known:
                yield from _faults(one, known[name], whole, f"{place}/{name}")
            elif shaped is not None:
                yield from _faults(one, shaped, whole, f"{place}/{name}")
            elif rule.get("additionalProperties") is False:
                yield f"{at}: {name} is unknown"


def _text_faults(value: str, rule: dict[str, Any], at: str) -> Iterator[str]:
    if not rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", len(value)):
        yield f"{at}: length {len(value)}"
    if "pattern" in rule and not re.search(rule["pattern"], value):
        yield f"{at}: {value[:60]!r} has another shape"
    if rule.get("format") == "date-time" and not _is_instant(value):
        yield f"{at}: {value[:40]!r} is no instant with a zone"
    if rule.get("format") == "uri" and not re.match(r"[a-z][a-z0-9+.-]*:[^\s]+$", value):
        yield f"{at}: {value[:60]!r} is no address"


def _is_instant(value: str) -> bool:
    try:
        return "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
