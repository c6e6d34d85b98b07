"""The OpenAPI document: valid, in both languages, and nothing beside the code."""

from __future__ import annotations

import json

from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.conftest import Browser
from window.routes.api.entry import operations


def test_the_document_is_valid_openapi(client: Browser) -> None:
    """Seen red: with a response that referred to a schema nobody defines."""
    told = client.get("/api/v1/openapi.json").json
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_every_operation_and_field_has_its_words_in_both_languages(client: Browser) -> None:
    """Seen red: with an operation whose words were missing."""
    told = {lang: client.get(f"/api/v1/openapi.json?lang={lang}").get_data(as_text=True) for lang in ("zh", "en")}
    assert '"api.' not in told["zh"] and '"api.' not in told["en"]
    english = json.loads(told["en"])
    for path in english["paths"].values():
        for operation in path.values():
            assert operation["summary"].isascii(), operation["summary"]


def test_the_document_tells_exactly_the_operations_of_the_site(app: Flask, client: Browser) -> None:
    told = client.get("/api/v1/openapi.json").json
    documented = {(method.upper(), path) for path, held in told["paths"].items() for method in held}
    served = {
        (method, rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint not in ("window.api", "window.api_document")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert documented == served == {(one.method, one.path) for one in operations(app)}
