"""The HTTP API's own manual, made from its OpenAPI document; nothing is fetched for it."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { max-width: 860px; margin: 0 auto; padding: 24px 20px 80px; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.4rem; font-size: 1.1rem; }
article { margin: 14px 0; padding: 12px 16px; border: 1px solid #8884; border-radius: 12px; }
h3 { margin: 0; font-size: 1rem; } h3 code { overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 10px 12px; border-radius: 8px; background: #8881; }
pre, .role { font-size: .85rem; } .role { float: right; color: #777; }
dt { font-weight: 600; } dd { margin: 0 0 6px; }
"""
POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"


def document(raw: Mapping[str, Any]) -> dict[str, Any]:
    """*raw*, as FastAPI makes it, with the types that routes describe where OpenAPI wants them."""
    whole: dict[str, Any] = json.loads(json.dumps(raw).replace("#/$defs/", "#/components/schemas/"))
    schemas = whole.setdefault("components", {}).setdefault("schemas", {})
    for operation in (o for path in whole["paths"].values() for o in path.values()):
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                schemas.update(content.get("schema", {}).pop("$defs", {}))
    return whole


def page(document: Mapping[str, Any]) -> str:
    """*document* as a page for people. Each operation says who may call it in `x-roles`."""
    info, tags = document["info"], dict[str, list[str]]()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            entry = "\n".join(_operation(method, path, operation))
            tags.setdefault(operation.get("tags", ["other"])[0], []).append(entry)
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in tags.items())
    about = "".join(f"<p>{escape(part)}</p>" for part in info["description"].split("\n\n"))
    title = escape(info["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{title}: HTTP API</h1>{about}"
        f'<p><a href="/api/openapi.json">OpenAPI document</a></p>{body}</body></html>'
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    who = escape(", ".join(operation["x-roles"]) or "anybody")
    yield f"<article><span class='role'>{who}</span>"
    yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
    yield f"<p>{escape(operation.get('summary', ''))}</p>"
    if text := operation.get("description"):
        yield f"<p>{escape(text)}</p>"
    if parameters := operation.get("parameters"):
        yield "<dl>"
        for parameter in parameters:
            about = parameter.get("description", parameter.get("schema", {}).get("type", ""))
            yield f"<dt><code>{escape(parameter['name'])}</code></dt><dd>{escape(about)}</dd>"
        yield "</dl>"
    for what, content in _examples(operation):
        yield f"<p>{what}</p><pre>{escape(content)}</pre>"
    yield "</article>"


def _examples(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    bodies = [("Body", operation.get("requestBody", {}))]
    bodies += [(f"Answer {status}", r) for status, r in operation["responses"].items()]
    for what, body in bodies:
        for content in body.get("content", {}).values():
            if "example" in content:
                yield what, _shown(content["example"])


def _shown(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2)
