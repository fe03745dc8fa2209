"""The command line of scripts/tidy, and of scripts/doc-tests, which is one of its rules."""

import sys
import time
from pathlib import Path

from . import documentation, language, modules, proofs, text
from .tree import read_tree

CHECKS = (modules.check, language.check, documentation.check, text.check, proofs.check)


def findings_in(root, checks=CHECKS):
    """All findings in a package, by path and line."""
    root = Path(root)
    files = read_tree(root)
    found = [finding for check in checks for finding in check(root, files)]
    return sorted(found, key=lambda f: (f.path, f.line, f.rule, f.message)), len(files)


def main(arguments, default, checks=CHECKS):
    """Runs the rules; returns the exit code."""
    if len(arguments) > 1 or any(a.startswith("-") for a in arguments):
        print(f"usage: {sys.argv[0]} [DIRECTORY]", file=sys.stderr)
        return 2
    name, started = Path(sys.argv[0]).name, time.monotonic()
    findings, count = findings_in(arguments[0] if arguments else default, checks)
    for finding in findings:
        print(finding)
    if findings:
        print(f"{name}: {len(findings)} findings in {count} files")
        return 1
    print(f"{name}: {count} files, nothing to say, {time.monotonic() - started:.1f} s")
    return 0
