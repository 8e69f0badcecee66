"""MkDocs hooks: the start page from the README, and the reference made from the code, so that it cannot be false."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def start_page() -> str:
    """The README, with links that lead from docs/."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\]\((?!https?://|docs/|#)", "](../", text).replace("](docs/", "](")


def verbs_page() -> str:
    """Every verb with its arguments and options, from the program."""
    from typer.main import get_command

    from segjob.cli.app import app

    parts = ["# Verbs\n"]
    for name, command in sorted(get_command(app).commands.items()):  # type: ignore[attr-defined]
        examples = re.findall(r"Example: (.+)", command.help or "")
        said = re.sub(r"\s*Example: .+", "", command.help or "").strip()
        parts += [f"## segjob {name}\n", said, "\n```", *examples, "```\n", "| option | means |", "|---|---|"]
        for parameter in command.params:
            label = getattr(parameter, "metavar", None) or ""
            names = ", ".join(parameter.opts) if parameter.param_type_name == "option" else label
            value = f" {label}" if parameter.param_type_name == "option" and label else ""
            parts.append(f"| `{names}{value}` | {_cell(getattr(parameter, 'help', None) or '')} |")
        parts.append("")
    return "\n".join(parts)


def config_page() -> str:
    """Every key of segjob.toml with its type and default, from the schema."""
    from segjob.commands.setup.schema import config_schema

    schema = config_schema()
    parts = ["# segjob.toml, key by key\n", "[The explanation](../config.md) says what each key is for.\n"]
    for name, kind in {"segjob.toml": schema, **schema["$defs"]}.items():
        if "properties" not in kind:
            continue
        parts += [f"## {name}\n", kind.get("description", ""), "\n| key | type | default |", "|---|---|---|"]
        for key, entry in kind["properties"].items():
            default = f"`{entry['default']}`" if "default" in entry else "required"
            shown = "" if len(default) > 60 else default
            parts.append(f"| `{key}` | {_cell(_type_of(entry))} | {_cell(shown)} |")
        parts.append("")
    return "\n".join(parts)


def _type_of(entry: dict[str, Any]) -> str:
    if "$ref" in entry:
        return str(entry["$ref"]).rsplit("/", 1)[-1]
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    if "const" in entry:
        return f"`{entry['const']}`"
    if "anyOf" in entry:
        return " or ".join(_type_of(one) for one in entry["anyOf"])
    if entry.get("type") == "array":
        return f"list of {_type_of(entry['items'])}" if "items" in entry else "list"
    return str(entry.get("type", "any"))


def tables_page() -> str:
    """Every column of the published tables with its comment, and the views' comments."""
    from segjob.statements.published.comments import SHARED_VIEWS
    from segjob.statements.published.tables import SHARED

    parts = ["# Tables and views, column by column\n", "The comments are in the warehouse, too.\n"]
    for name, (comment, columns) in SHARED.items():
        parts += [f"## {name}\n", comment, "\n| column | means |", "|---|---|"]
        parts += [f"| `{column}` | {_cell(said)} |" for column, _, said in columns]
        parts.append("")
    parts += ["## Views\n", "| view | means |", "|---|---|"]
    parts += [f"| `{name}` | {_cell(comment)} |" for name, (comment, _) in SHARED_VIEWS.items()]
    return "\n".join([*parts, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


PAGES = {
    "index.md": start_page,
    "reference/verbs.md": verbs_page,
    "reference/config.md": config_page,
    "reference/tables.md": tables_page,
}


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages, whenever the site is built."""
    from mkdocs.structure.files import File

    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """A link to a file beside docs/ leads nowhere on the site: only its words stay."""
    above = "../" * (page.file.src_uri.count("/") + 1)
    return re.sub(rf"(?<!!)\[([^\]]+)\]\({re.escape(above)}[^)]*\)", r"\1", markdown)
