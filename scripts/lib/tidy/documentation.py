"""The rule about words: every public and package declaration says what it is."""

import re

from swifttext import closing

KINDS = {
    "func", "init", "var", "let", "struct", "enum", "class", "actor", "protocol", "typealias",
    "subscript", "associatedtype", "macro", "extension",
}
EXPOSED = {"public", "package", "open"}
HIDDEN = {"private", "fileprivate", "internal"}
WORD = re.compile(r"\s*(\w+)(\([^()\n]*\))?")


def check(root, files):
    """Findings about declarations without a documentation comment."""
    return [
        finding
        for file in files
        if file.is_swift and file.module
        for finding in _check_file(file)
    ]


def _check_file(file):
    findings = []
    exposing = _exposing_bodies(file)
    depths = _depths(file)
    for number, line in enumerate(file.code_lines, 1):
        modifiers, kind = declaration(line)
        if kind is None or kind == "extension":
            continue
        inherited = any(
            first < number <= last and depths[number - 1] == depth
            for first, last, depth in exposing)
        if not modifiers & EXPOSED and not (inherited and not modifiers & HIDDEN):
            continue
        if not _is_documented(file, number):
            name = line.strip().rstrip("{").strip()[:60]
            findings.append(file.finding(number, "doc", f"no documentation comment: {name}"))
    return findings


def declaration(line):
    """The modifiers and the kind of the declaration that starts on a line, or (…, None)."""
    position, modifiers = 0, set()
    while True:
        position = _after_attribute(line, position)
        found = WORD.match(line, position)
        if not found:
            return modifiers, None
        word = found.group(1)
        following = WORD.match(line, found.end(1))
        is_modifier = word == "class" and following and following.group(1) in ("func", "var")
        if word in KINDS and not is_modifier:
            return modifiers, word
        if not re.match(r"\s*(?:\([^()\n]*\))?\s+[\w@`]", line[found.end(1) :]):
            return modifiers, None
        argument = found.group(2)
        modifiers.add(word if argument is None else word + argument)
        position = found.end()


def _after_attribute(line, position):
    while True:
        found = re.compile(r"\s*@[\w.]+").match(line, position)
        if not found:
            return position
        position = found.end()
        if line[position : position + 1] == "(":
            position = closing(line, position) + 1


def _exposing_bodies(file):
    """Bodies whose members are exposed without saying so: lines and their members' depth."""
    depths, bodies = _depths(file), []
    for number, line in enumerate(file.code_lines, 1):
        modifiers, kind = declaration(line)
        if kind not in ("protocol", "extension") or not modifiers & EXPOSED:
            continue
        opener = file.code.find("{", file.lines.starts[number - 1])
        if opener < 0:
            continue
        last = file.lines.at(closing(file.code, opener))
        bodies.append((file.lines.at(opener), last, depths[number - 1] + 1))
    return bodies


def _depths(file):
    """How many braces are open at the start of each line."""
    depths, depth = [], 0
    for line in file.code_lines:
        depths.append(depth)
        depth += line.count("{") - line.count("}")
    return depths


def _is_documented(file, number):
    """Looks upwards past attributes and ordinary comments for a `///`."""
    balance = 0
    for index in range(number - 2, -1, -1):
        raw, code = file.raw[index].strip(), file.code_lines[index]
        if raw.startswith("///"):
            return True
        if raw.endswith("*/"):
            return _is_documentation_block(file, index)
        balance += code.count(")") - code.count("(")
        if balance > 0 or raw.startswith(("@", "//")):
            continue
        return False
    return False


def _is_documentation_block(file, index):
    while index >= 0:
        if "/*" in file.raw[index]:
            return file.raw[index].strip().startswith("/**")
        index -= 1
    return False
