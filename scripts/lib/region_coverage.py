"""Reads llvm-cov's JSON export: which regions of which functions never ran."""

import re
from dataclasses import dataclass

CODE = 0


@dataclass(frozen=True)
class Missed:
    """A function with regions that never ran: its file below the root, and how many."""

    file: str
    function: str
    regions: int
    lines: tuple = ()

    def __str__(self):
        lines = ", ".join(map(str, self.lines))
        return f"{self.file}: {self.function}: {self.regions} (line {lines})"


def missed(export, root, below, demangle):
    """The functions of the directories `below` that have regions which never ran, sorted.

    A region counts once, however often its function was compiled, and a closure's are those of
    the function around it. `demangle` turns a list of mangled names into a dictionary.
    """
    counts = {}
    for function in export["data"][0]["functions"]:
        file = function["filenames"][0]
        path = file.removeprefix(f"{root}/")
        if not path.startswith(tuple(f"{place}/" for place in below)):
            continue
        for region in function["regions"]:
            if region[7] != CODE or region[5] != 0:
                continue
            key = (path, *region[:4])
            known = counts.setdefault(key, [0, function["name"]])
            known[0] += region[4]
    never = [(key, name) for key, (count, name) in counts.items() if not count]
    names = demangle(sorted({name.rpartition(":")[2] for _, name in never}))
    found = {}
    for (path, line, *_), name in never:
        word = short(names[name.rpartition(":")[2]])
        found.setdefault((path, word), []).append(line)
    return [
        Missed(path, word, len(lines), tuple(sorted(set(lines))))
        for (path, word), lines in sorted(found.items())]


def short(name):
    """The function's own name with its labels, without modules, types and closures.

    `closure #1 in PVUSBCore.Step.failure(after: A, in: B) -> C` is `Step.failure(after:in:)`.
    """
    # A closure has a signature of its own before the function's: `closure #1 (A) -> B in f()`.
    if re.match(r"(?:implicit )?closure #|variable initialization|default argument", name):
        name = re.split(r" (?:in|of) (?=(?:static |\(extension in )?\(?PVUSBCore)", name)[-1]
    name = re.sub(r"^\(?extension in \w+\)?:", "", name)
    name = re.sub(r"^(?:static |mutating )+", "", name)
    name = re.sub(r"\((\w+) in _[0-9A-F]+\)", r"\1", name)
    name = re.sub(r"^(?:PVUSBCore\)?[.:]|Swift\.|USBModel\.)+", "", name)
    name = re.sub(r"<A where .*?>", "", name).split(" : ")[0]
    head, _, rest = name.partition("(")
    accessor = re.match(r"(\S+?)\.(?:getter|setter|modify)\b", head.strip())
    if accessor:
        return accessor.group(1)
    labels = re.findall(r"(?:^|, )(\w+): ", top_level(rest))
    return head.strip() + "(" + "".join(f"{label}:" for label in labels) + ")"


def top_level(text):
    """The parameters of a demangled function: what stands before its closing parenthesis, without
    what is in brackets of its own."""
    depth, kept = 0, []
    for letter in text:
        if letter == ")" and depth == 0:
            break
        depth -= letter in ")>]"
        if depth == 0:
            kept.append(letter)
        depth += letter in "(<["
    return "".join(kept)


def exceptions(text):
    """The exceptions of a data file: {(file, function): (regions, reason)}.

    A line is `FILE: FUNCTION: REGIONS: REASON`; empty lines and those that begin with # are none.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\S+\.swift): (\S+(?:\(\S*\))?): (\d+): (\S.*)", line)
        if not match:
            raise ValueError(f"line {number} is not FILE: FUNCTION: REGIONS: REASON: {line}")
        path, function, regions, reason = match.groups()
        if (path, function) in found:
            raise ValueError(f"line {number}: {path}: {function} is named twice")
        found[path, function] = (int(regions), reason)
    return found


def differences(never, known):
    """What is wrong between what never ran and the exceptions, a line each."""
    wrong = []
    for one in never:
        regions, _ = known.get((one.file, one.function), (0, ""))
        if one.regions > regions:
            wrong.append(f"never ran, and is no exception: {one} where {regions} are excepted")
        elif one.regions < regions:
            wrong.append(f"runs now: {one} where {regions} are excepted")
    present = {(one.file, one.function) for one in never}
    for path, function in sorted(set(known) - present):
        wrong.append(f"runs now, and is an exception still: {path}: {function}")
    return wrong
