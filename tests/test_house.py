"""The rules of the house that no linter holds: sizes of folders, names of files and classes."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "segjob"
PRIVATE_WORDS = """apart asked behind door draw drawn evened found given joined kept look luck made meanwhile nouns
nulls otherwise portrait remains said serving swap telling told wanted"""
"""What only this house once called things; a file name says it in the field's words."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> Mapping[str, ast.Module]:
    """`folder/module.py` -> its syntax, for every module of the package."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {file.relative_to(PACKAGE).as_posix(): ast.parse(file.read_text("utf-8")) for file in files}


def test_a_folder_has_few_modules() -> None:
    sizes = Counter(file.rpartition("/")[0] for file in modules() if not file.endswith("__init__.py"))
    assert {folder: size for folder, size in sizes.items() if size > 14} == {}


def test_no_class_shares_its_name_with_a_class_or_function_elsewhere() -> None:
    places = defaultdict(list)
    classes = set()
    for file, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef | Function):
                places[node.name].append(file)
                classes |= {node.name} if isinstance(node, ast.ClassDef) else set()
    assert {name: places[name] for name in classes if len(places[name]) > 1} == {}


def test_no_file_has_a_private_name() -> None:
    private = set(PRIVATE_WORDS.split())
    words = {file: set(file.removesuffix(".py").replace("/", "_").split("_")) for file in modules()}
    assert {file: parts & private for file, parts in words.items() if parts & private} == {}
