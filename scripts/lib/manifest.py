"""Reads the targets of a Package.swift as text: no toolchain, no resolving, no network.

Understands targets made by `.target(…)`, `.executableTarget(…)`, `.testTarget(…)` and by the
manifest's own helper functions, whose first argument is the name and second the dependencies.
A helper called `tests` makes a test target.
"""

import re
from dataclasses import dataclass, field

from swifttext import Lines, blank, closing

CALL = re.compile(r"(\.?\w+)\s*\(")
STRING = re.compile(r'"([^"\n]*)"')


@dataclass
class Target:
    """One target of the manifest."""

    name: str
    line: int
    is_test: bool
    path: str
    dependencies: set = field(default_factory=set)

    @property
    def is_support(self):
        """Tells whether this is ordinary code that lives with the tests."""
        return not self.is_test and self.path.startswith("Tests/")


def read_targets(text):
    """The targets of a manifest, in order."""
    code, lines = blank(text), Lines(text)
    products = _named_products(text, code)
    package = re.search(r"=\s*Package\s*\(", code)
    found = re.compile(r"\btargets:\s*\[").search(code, package.end()) if package else None
    while found and _depth(code, package.end(), found.start()) > 0:
        found = re.compile(r"\btargets:\s*\[").search(code, found.end())
    if not found:
        return []
    targets, position = [], found.end()
    end = closing(code, found.end() - 1)
    while True:
        call = CALL.search(code, position, end)
        if not call:
            return targets
        position = closing(code, call.end() - 1) + 1
        inner = slice(call.end(), position - 1)
        targets.append(
            _target(call.group(1), text[inner], code[inner], lines.at(call.start()), products))


def _depth(code, start, end):
    """How many brackets are open between two offsets."""
    between = code[start:end]
    return sum(between.count(b) for b in "([{") - sum(between.count(b) for b in ")]}")


def _named_products(text, code):
    """Constants of the manifest that stand for a product of another package."""
    named = {}
    for found in re.finditer(r"\blet\s+(\w+)\s*:\s*Target\.Dependency\s*=\s*\.product\s*\(", code):
        name = STRING.search(text, found.end())
        named[found.group(1)] = name.group(1) if name else found.group(1)
    return named


def _target(callee, text, code, line, products):
    name = STRING.search(text)
    path = re.search(r'\bpath:\s*"([^"]*)"', text)
    return Target(
        name=name.group(1) if name else "?",
        line=line,
        is_test=callee in (".testTarget", "tests"),
        path=path.group(1) if path else "",
        dependencies=_dependencies(callee, text, code, products),
    )


def _dependencies(callee, text, code, products):
    found = re.search(r"\bdependencies:\s*\[", code)
    if not found and not callee.startswith("."):
        found = re.search(r"\[", code)
    if not found:
        return set()
    start, end = found.end(), closing(code, found.end() - 1)
    names, position = set(), start
    token = re.compile(r'"[^"\n]*"|\.\w+\s*\(|\w+')
    while True:
        match = token.search(text, position, end)
        if not match:
            return names
        position = match.end()
        if match.group().startswith("."):
            position = closing(code, match.end() - 1) + 1
            names.add(STRING.search(text, match.end()).group(1))
        elif match.group().startswith('"'):
            names.add(match.group()[1:-1])
        else:
            names.add(products.get(match.group(), match.group()))
