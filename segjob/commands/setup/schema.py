"""`segjob schema`: the JSON schema of segjob.toml, for editors."""

from __future__ import annotations

from typing import Any

from segjob.config import Config, Segmentation

FILE_NAME = "segjob.schema.json"
_INTERNAL = {"directory"}


def config_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the config file: every key with its type, bounds and default."""
    schema = Config.model_json_schema(by_alias=True)
    for key in _INTERNAL:
        schema["properties"].pop(key, None)
        if key in schema.get("required", []):
            schema["required"].remove(key)
    for key in ("features", "measures"):
        items = schema["$defs"][Segmentation.__name__]["properties"][key]["items"]
        # A bare column name stands for one with all defaults.
        schema["$defs"][Segmentation.__name__]["properties"][key]["items"] = {
            "anyOf": [{"type": "string", "minLength": 1}, items]
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "segjob.toml",
        **{key: value for key, value in schema.items() if key != "title"},
    }
