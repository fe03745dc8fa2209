"""Rules about modules: the manifest and every import agree with the import table."""

import re

from manifest import read_targets

from .house import HOUSE
from .tree import Finding

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)")


def check(root, files):
    """Findings about the manifest, the modules' directories and their imports."""
    manifest = next((f for f in files if f.path == "Package.swift"), None)
    if manifest is None:
        return [Finding("Package.swift", 1, "manifest", "there is no manifest")]
    targets = read_targets(manifest.text)
    return (
        _manifest(manifest, targets)
        + _test_targets(root, manifest, targets)
        + _directories(root)
        + [finding for file in files if file.is_swift and file.module for finding in _imports(file)]
        + _urls(files))


def _manifest(manifest, targets):
    findings = []
    ours = {t.name: t for t in targets if not t.is_test and not t.is_support}
    for name, target in ours.items():
        if name not in HOUSE:
            findings.append(manifest.finding(
                target.line, "manifest", f"{name} is not in the import table"))
            continue
        for extra in sorted(target.dependencies - HOUSE[name].dependencies):
            findings.append(manifest.finding(
                target.line, "manifest", f"{name} may not depend on {extra}"))
        for missing in sorted(HOUSE[name].dependencies - target.dependencies):
            findings.append(manifest.finding(
                target.line, "manifest", f"{name} does not list {missing}, the import table does"))
    for name in HOUSE:
        if name not in ours:
            findings.append(manifest.finding(1, "manifest", f"{name} is not a target"))
    return findings


def _test_targets(root, manifest, targets):
    findings = []
    tests = {t.name: t for t in targets if t.is_test or t.is_support}
    for name, target in tests.items():
        place = target.path or f"Tests/{name}"
        if not (root / place).is_dir():
            findings.append(manifest.finding(target.line, "manifest", f"{place} does not exist"))
    places = {t.path or f"Tests/{t.name}" for t in tests.values()}
    for directory in _subdirectories(root / "Tests"):
        place = f"Tests/{directory}"
        if place not in places and any((root / place).rglob("*.swift")):
            findings.append(Finding(
                place, 1, "manifest", "no target of the manifest: these tests never run"))
    return findings


def _directories(root):
    findings = []
    present = _subdirectories(root / "Sources")
    for name in present:
        place = f"Sources/{name}"
        if name not in HOUSE:
            findings.append(Finding(place, 1, "module", f"{name} is not in the import table"))
        if not (root / place / "README.md").is_file():
            findings.append(Finding(f"{place}/README.md", 1, "module", "missing"))
    for name in sorted(set(HOUSE) - set(present)):
        findings.append(Finding(f"Sources/{name}", 1, "module", "missing, the table has it"))
    return findings


def _subdirectories(place):
    if not place.is_dir():
        return []
    return sorted(d.name for d in place.iterdir() if d.is_dir() and not d.name.startswith("."))


def _imports(file):
    allowed = HOUSE[file.module].imports if file.module in HOUSE else set()
    findings = []
    for number, line in enumerate(file.code_lines, 1):
        found = IMPORT.match(line)
        if found and found.group(1) not in allowed:
            findings.append(file.finding(
                number, "import", f"{file.module} may not import {found.group(1)}"))
    return findings


def _urls(files):
    """A package comes from github.com: no registry, no mirror."""
    findings = []
    for file in files:
        if not file.path.split("/")[-1].startswith("Package") or not file.is_swift:
            continue
        for number, line in enumerate(file.raw, 1):
            for url in re.findall(r'\burl:\s*"([^"]*)"', line):
                if not url.startswith("https://github.com/"):
                    findings.append(file.finding(number, "manifest", f"{url} is not on github.com"))
            if re.search(r'\.package\(\s*id:', line):
                findings.append(file.finding(number, "manifest", "packages come by url, not id"))
    return findings
