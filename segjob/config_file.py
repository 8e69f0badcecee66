"""Reading segjob.toml into `config`'s types, and saying all that is wrong with it at once."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from segjob.config import Config
from segjob.errors import ConfigError

FILE_NAME = "segjob.toml"
_MOST_BYTES = 2_000_000
"""Some thousand segmentations; a device would be read for ever."""
_URL = re.compile(r"\w:/")
"""What may be a URL, which may hold a password."""
_VARIABLE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_]\w*)(:-(?P<default>[^}]*))?\}")
Parsed = TypeVar("Parsed", bound=BaseModel)


def find(start: Path) -> Path | None:
    """The nearest segjob.toml in `start` or above it."""
    return next((d / FILE_NAME for d in (start, *start.parents) if (d / FILE_NAME).is_file()), None)


def load(path: Path) -> Config:
    """Read and check a config file.

    Raises
    ------
    ConfigError : the file cannot be read or is not valid; the message lists every problem.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ConfigError(f"{path} is no config file: it is larger than {_MOST_BYTES:,} bytes")
        document = _with_variables(tomllib.loads(content.decode()), path)
    except FileNotFoundError:
        raise ConfigError(f"there is no config file {path}", hint="write one with `segjob init`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path} is no config file: its lists or tables are nested too deeply") from None
    if "directory" in document:
        raise ConfigError(f"{path}: directory: unknown key")
    return parse(Config, {**document, "directory": path.parent}, where=str(path))


def _with_variables(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """The document with each `${VARIABLE}` in a value taken from the environment; `$${` stands for `${`.

    Raises
    ------
    ConfigError : a variable is not set.
    """
    missing: list[str] = []

    def filled(value: Any, place: str) -> Any:
        if isinstance(value, dict):
            return {key: filled(item, f"{place}.{key}" if place else key) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item, place) for item in value]
        return _VARIABLE.sub(lambda match: named(match, place), value) if isinstance(value, str) else value

    def named(match: re.Match[str], place: str) -> str:
        if match["name"] is None:
            return "${"
        found = os.environ.get(match["name"], match["default"])
        if found is None:
            missing.append(f"{place} needs the environment variable {match['name']}, which is not set")
        return found or ""

    result: dict[str, Any] = filled(document, "")
    if missing:
        raise ConfigError(
            f"{path}: {'; '.join(missing)}",
            hint="set it, or write ${NAME:-default}; $${ stands for ${ itself",
        )
    return result


def parse(kind: type[Parsed], values: dict[str, Any], *, where: str) -> Parsed:
    """Validate plain values into `kind`; a ConfigError lists all that is wrong."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_message_of_all(error)}") from None


def _message_of_all(error: ValidationError) -> str:
    problems: list[dict[str, Any]] = [dict(problem) for problem in error.errors()]
    places = {problem["loc"] for problem in problems}

    def is_echo(problem: dict[str, Any]) -> bool:
        """Whether it only counts a list's valid items, and another message is about the others."""
        loc = problem["loc"]
        return problem["type"] == "too_short" and any(p != loc and p[: len(loc)] == loc for p in places)

    messages = list(dict.fromkeys(_message(problem) for problem in problems if not is_echo(problem)))
    return messages[0] if len(messages) == 1 else "".join(f"\n  - {message}" for message in messages)


_SENTENCES = {
    "extra_forbidden": "unknown key",
    "missing": "is missing",
    "string_too_short": "is empty",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}
"""pydantic's kinds of problem -> a message for a person who knows TOML and not pydantic."""


def _message(problem: dict[str, Any]) -> str:
    """One pydantic problem as a sentence that starts with the key's place in the file."""
    loc, given = problem["loc"], problem.get("input")
    place = ".".join(str(part) for part in loc if not str(part).startswith(("constrained-", "literal[")))
    sentence = _SENTENCES.get(problem["type"])
    if problem["type"] == "too_short":
        message = "is empty" if not given else f"needs {problem['ctx']['min_length']} values"
    elif problem["type"] == "too_long":
        message = f"takes {problem['ctx']['max_length']} values"
    elif problem["type"] == "model_type" and "features" in loc:
        message = 'must be a column name, or a table such as { column = "age" }'
    elif sentence is not None:
        message = sentence.format(**problem.get("ctx", {}))
    else:
        message = str(problem["msg"]).removeprefix("Value error, ")
    shown = not isinstance(given, (dict, list)) and problem["type"] not in ("missing", "extra_forbidden")
    if shown and repr(given) not in message and given != "":
        message += f", not {given!r}"
    if isinstance(given, str) and _URL.search(given):
        message = message.replace(repr(given), "a URL").replace(given, "a URL")
    place = "a URL" if _URL.search(place) else place
    return f"{place}: {message}" if place else message
