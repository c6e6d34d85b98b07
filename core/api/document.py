"""The OpenAPI 3.1 document, made from the operations in the code and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from core.api.fields import Told
from core.api.operations import DIGEST, FILE, Operation

REF = "#/components/schemas/{model}"
VERSION = "1.0.0"
PROBLEM = "application/problem+json"


class FaultTold(Told):
    """One thing wrong with the input."""

    field: str | None
    code: str
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457): `code` is stable, `detail` is in the language asked for, `errors` names every field."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    facts: dict[str, Any]
    request_id: str
    field: str | None = None
    errors: list[FaultTold] = []


@dataclass(frozen=True)
class Described:
    """An operation with its place: method, address with {names}, the names, its endpoint."""

    method: str
    path: str
    names: tuple[str, ...]
    endpoint: str
    operation: Operation


def document(
    operations: Sequence[Described],
    *,
    title: str,
    about: str,
    server: str,
    word: Callable[[str], str],
    events: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """The document of these operations; `word` says a code ("api.listSections") in the reader's language."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for one in operations:
        if one.operation.answer is not None:
            models[one.operation.answer, "serialization"] = None
        if one.operation.given is not None:
            models[one.operation.given, "validation"] = None
    if events is not None:
        models[events, "serialization"] = None
    refs, schemas = models_json_schema(list(models), ref_template=REF)
    paths: dict[str, Any] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _told(one, refs, word)
    components = _with_words(schemas.get("$defs", {}), word)
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {"title": title, "version": VERSION, "description": about,
                 "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": server}],
        "tags": [{"name": tag, "description": word(f"api.tag.{tag}")}
                 for tag in dict.fromkeys(one.operation.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": word("api.bearer")}
            },
        },
    }  # fmt: skip
    if events is not None:
        told["webhooks"] = {
            "event": {
                "post": {
                    "operationId": "event",
                    "summary": word("api.event"),
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": refs[events, "serialization"]}},
                    },
                    "responses": {"2XX": {"description": word("api.event_taken")}},
                }
            }
        }
    return told


def _told(one: Described, refs: dict[Any, Any], word: Callable[[str], str]) -> dict[str, Any]:
    operation = one.operation
    told: dict[str, Any] = {
        "operationId": one.endpoint.replace(".", "_"),
        "summary": word(f"api.{one.endpoint}"),
        "tags": [operation.tag],
        "parameters": [*_path(one), *_query(operation, word), *_headers(one, word)],
        "responses": _responses(one, refs, word),
    }
    if operation.scope is not None:
        told["security"] = [{"bearer": []}]
        told["description"] = word("api.scope_needed") % {"scope": operation.scope}
        told["x-scope"] = operation.scope
    else:
        told["security"] = [{}, {"bearer": []}]
    if operation.given is not None:
        schema = refs[operation.given, "validation"]
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif operation.takes_file:
        binary = {"type": "string", "format": "binary", "minLength": 1}
        told["requestBody"] = {"required": True, "content": {FILE: {"schema": binary}}}
    return told


def _path(one: Described) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True,
         "schema": {"type": "string", "minLength": 1, "maxLength": 120, "pattern": "^[A-Za-z0-9._:~-]+$"}}
        for name in one.names
    ]  # fmt: skip


def _query(operation: Operation, word: Callable[[str], str]) -> list[dict[str, Any]]:
    if operation.asked is None:
        return []
    schema = operation.asked.model_json_schema()
    needed = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in needed,
            "description": word(f"api.field.{name}"),
            "schema": _without_null(held),
        }
        for name, held in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An address cannot say null: a parameter is there or not."""
    schema = {name: value for name, value in schema.items() if name not in ("title",) and value is not None}
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    return {**schema, **kinds[0]} if len(kinds) == 1 else schema


def _headers(one: Described, word: Callable[[str], str]) -> list[dict[str, Any]]:
    wanted: list[tuple[str, bool, dict[str, Any]]] = [("Accept-Language", False, {"type": "string"})]
    if one.method == "GET":
        wanted.append(("If-None-Match", False, {"type": "string"}))
    if one.operation.needs_match:
        wanted.append(("If-Match", True, {"type": "string"}))
    if one.operation.takes_file:
        wanted.append(("Content-Digest", True, {"type": "string", "pattern": DIGEST}))
    if one.operation.takes_key:
        wanted.append(("Idempotency-Key", False, {"type": "string", "pattern": "^[!-~]{8,200}$"}))
    return [
        {"name": name, "in": "header", "required": needed, "description": word(f"api.header.{name}"), "schema": schema}
        for name, needed, schema in wanted
    ]


def statuses(one: Described) -> list[int]:
    """Every refusal this operation may answer with."""
    operation = one.operation
    found = {400, 429, 503}
    if operation.scope is not None:
        found |= {401, 403}
    else:
        found |= {401}
    if one.names:
        found |= {404}
    if operation.asked is not None or operation.given is not None or operation.takes_key:
        found |= {422}
    if one.method != "GET":
        found |= {404, 409, 413, 422}
    if operation.given is not None or operation.takes_file:
        found |= {415}
    if operation.needs_match:
        found |= {412, 428}
    return sorted(found)


def _responses(one: Described, refs: dict[Any, Any], word: Callable[[str], str]) -> dict[str, Any]:
    operation = one.operation
    done: dict[str, Any] = {"description": word(f"api.status.{operation.status}")}
    headers = {name: {"description": word(f"api.header.{name}"), "schema": {"type": "string"}} for name in _sent(one)}
    if headers:
        done["headers"] = headers
    if operation.answer is not None:
        done["content"] = {"application/json": {"schema": refs[operation.answer, "serialization"]}}
    told: dict[str, Any] = {str(operation.status): done}
    if one.method == "GET":
        told["304"] = {"description": word("api.status.304")}
    problem = {"content": {PROBLEM: {"schema": refs[Problem, "serialization"]}}}
    for status in statuses(one):
        told[str(status)] = {"description": word(f"api.status.{status}"), **problem}
    return told


def _sent(one: Described) -> list[str]:
    sent = ["ETag"] if one.operation.answer is not None and one.method in ("GET", "PATCH", "PUT") else []
    return [*sent, "Location"] if one.operation.status == 201 else sent


def _with_words(schemas: dict[str, Any], word: Callable[[str], str]) -> dict[str, Any]:
    """The schemas with each field described in the reader's language, and without pydantic's own titles."""
    told = {}
    for name, schema in schemas.items():
        kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
        described = word(f"api.model.{name.split('_')[0].split('-')[0]}")
        if not described.startswith("api."):
            kept["description"] = described
        properties = {}
        for field, held in schema.get("properties", {}).items():
            one = {key: value for key, value in held.items() if key != "title"}
            said = word(f"api.field.{field}")
            if not said.startswith("api.") and "$ref" not in one:
                one["description"] = said
            properties[field] = one
        if properties:
            kept["properties"] = properties
        told[name] = kept
    return told
