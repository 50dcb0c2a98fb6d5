"""The JSON Schema of the format, for editors. What holds between keys is checked by `parse` alone."""

from typing import Any

from catalog.manifest.manifest import Manifest


def json_schema() -> dict[str, Any]:
    """Return the schema of format 1; keys that begin with `x-` are free, as `parse` has it."""
    schema = Manifest.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "fairground.toml, format 1"
    for table in [schema, *schema.get("$defs", {}).values()]:
        if table.get("additionalProperties") is False:
            table["patternProperties"] = {"^x-": True}
    return schema
