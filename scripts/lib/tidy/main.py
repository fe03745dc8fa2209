"""The command line of scripts/tidy."""

import sys
import time
from pathlib import Path

from . import documentation, language, modules, text
from .tree import read_tree

CHECKS = (modules.check, language.check, documentation.check, text.check)


def findings_in(root):
    """All findings in a package, by path and line."""
    root = Path(root)
    files = read_tree(root)
    found = [finding for check in CHECKS for finding in check(root, files)]
    return sorted(found, key=lambda f: (f.path, f.line, f.rule, f.message)), len(files)


def main(arguments, default):
    """Runs every rule; returns the exit code."""
    if len(arguments) > 1 or any(a.startswith("-") for a in arguments):
        print("usage: scripts/tidy [DIRECTORY]", file=sys.stderr)
        return 2
    started = time.monotonic()
    findings, count = findings_in(arguments[0] if arguments else default)
    for finding in findings:
        print(finding)
    if findings:
        print(f"tidy: {len(findings)} findings in {count} files")
        return 1
    print(f"tidy: {count} files, nothing to say, {time.monotonic() - started:.1f} s")
    return 0
