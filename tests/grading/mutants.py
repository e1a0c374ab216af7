"""Mutants: a solution with a single place changed, as if by a slip of the hand.

The tools for mutation that are maintained change modules and run their tests, and know operators
only. A cell is no module, and its slips are others: a keyword, a layer or a line left out, another
split, another activation. So the syntax tree is changed here.
"""

import ast
from collections import Counter
from collections.abc import Iterator

# What is nearest to a word, and means something else.
WORDS = {
    "softmax": "sigmoid",
    "relu": "tanh",
    "same": "valid",
    "horizontal": "vertical",
    "adam": "sgd",
    "categorical_crossentropy": "mean_squared_error",
    "accuracy": "mse",
    "keras": "saved_model",
    "saved_model": "keras",
    "litert_float32": "litert_float16",
    "litert_float16": "litert_float32",
    "litert_dynamic": "litert_float16",
    "litert_int8": "litert_float16",
}
NAMES = {
    "train": "validation",
    "validation": "test",
    "max": "mean",
    "mean": "max",
    "argmax": "argmin",
    "all": "any",
    "any": "all",
    "items": "keys",
    "probabilities": "seconds",
    "scratch_epochs": "head_epochs",
    "fine_tune_epochs": "scratch_epochs",
    "build_preprocessing": "build_backbone",
    "backbone": "model",
    "frozen": "backbone",
    "labels": "expected",
    "expected": "labels",
    "space": "accuracy",
    "frozen_history": "fine_tuned_history",
    "fine_tuned_history": "frozen_history",
}
OPERATORS: dict[type, type] = {
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


def mutants(source: str) -> dict[str, str]:
    """Return the sources of all mutants of a cell, by what was changed."""
    named: dict[str, str] = {}
    seen: Counter[str] = Counter()
    count = sum(1 for _ in _changes(ast.parse(source)))
    for number in range(count):
        tree = ast.parse(source)  # each change spoils its tree
        for index, (what, change) in enumerate(_changes(tree)):
            if index == number:
                change()
                seen[what] += 1
                name = what if seen[what] == 1 else f"{what} ({seen[what]})"
                named[name] = ast.unparse(ast.fix_missing_locations(tree))
                break
    return named


def _changes(tree: ast.Module) -> Iterator[tuple]:
    """Yield what could be changed, in words, and what changes it."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, list):
                yield from _left_out(parent, field, value)
            elif isinstance(value, ast.AST):
                yield from _replaced(parent, field, value)


def _left_out(parent: ast.AST, field: str, values: list) -> Iterator[tuple]:
    """Yield how each of several things could be left out, or be replaced."""
    of = _place(parent)
    for index, value in enumerate(values):
        if field in ("body", "args", "keywords", "elts"):
            text = ast.unparse(value).replace("\n", " ")
            yield f"{of}without `{text[:60]}`", lambda i=index: _drop(values, i)
        if isinstance(value, ast.expr):
            for text, other in _others(value):
                yield f"{of}{text}", lambda i=index, o=other: values.__setitem__(i, o)
        elif type(value) in OPERATORS:
            yield (
                _exchange(parent, value),
                lambda i=index: values.__setitem__(i, OPERATORS[type(values[i])]()),
            )


def _drop(values: list, index: int) -> None:
    if len(values) == 1 and isinstance(values[0], ast.stmt):
        values[0] = ast.Pass()
    else:
        del values[index]


def _replaced(parent: ast.AST, field: str, value: ast.AST) -> Iterator[tuple]:
    """Yield what could stand in the place of one thing."""
    if type(value) in OPERATORS:
        yield _exchange(parent, value), lambda: setattr(parent, field, OPERATORS[type(value)]())
    elif isinstance(value, ast.expr) and not isinstance(getattr(value, "ctx", None), ast.Store):
        for text, other in _others(value):
            yield f"{_place(parent)}{text}", lambda o=other: setattr(parent, field, o)
    if isinstance(parent, ast.If) and field == "test":
        opposite = ast.UnaryOp(ast.Not(), value)
        yield f"`if not` {ast.unparse(value)}", lambda: setattr(parent, field, opposite)


def _exchange(parent: ast.AST, operator: ast.AST) -> str:
    other = OPERATORS[type(operator)].__name__
    return f"`{ast.unparse(parent)[:60]}`: {type(operator).__name__} -> {other}"


def _others(value: ast.expr) -> list[tuple[str, ast.expr]]:
    """Return what could stand in the place of an expression, each with words for it."""
    found: list[tuple[str, ast.expr]] = []
    if isinstance(value, ast.Constant):
        found = [(f"{value.value!r} -> {other!r}", ast.Constant(other)) for other in _near(value)]
    elif isinstance(value, ast.Name) and value.id in NAMES:
        other = NAMES[value.id]
        found = [(f"{value.id} -> {other}", ast.Name(other, ast.Load()))]
    elif isinstance(value, ast.Attribute) and value.attr in NAMES:
        other = NAMES[value.attr]
        found = [(f".{value.attr} -> .{other}", ast.Attribute(value.value, other, ast.Load()))]
    return found


def _near(constant: ast.Constant) -> list:
    value = constant.value
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value - 1, value + 1]
    if isinstance(value, float):
        return [value / 10, value * 10]
    return [WORDS[value]] if value in WORDS else []


def _place(parent: ast.AST) -> str:
    """Say where something stands: in which call, or nothing."""
    if isinstance(parent, ast.Call):
        return f"{ast.unparse(parent.func)}: "
    if isinstance(parent, ast.keyword):
        return f"{parent.arg}=: "
    if isinstance(parent, ast.For):
        return f"for {ast.unparse(parent.target)}: "
    return ""
