"""The files of a package as the rules see them: read once, blanked once."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from swifttext import Lines, blank  # noqa: E402

SKIPPED = {".git", ".build", ".swiftpm", ".vscode", "__pycache__", "node_modules"}
TEXT_MAX = 2 << 20


@dataclass(frozen=True)
class Finding:
    """One broken rule at one place."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class File:
    """One text file of the package."""

    def __init__(self, root, path, text):
        self.root, self.path, self.text = root, path, text

    @cached_property
    def raw(self):
        """The lines as written."""
        return self.text.split("\n")

    @cached_property
    def code(self):
        """The text with comments, strings and raw identifiers blanked."""
        return blank(self.text)

    @cached_property
    def code_lines(self):
        """The lines of `code`."""
        return self.code.split("\n")

    @cached_property
    def lines(self):
        """Offsets to line numbers."""
        return Lines(self.text)

    @property
    def line_count(self):
        """How many lines the file has; a last line without its newline counts."""
        return len(self.raw) - (1 if self.text.endswith("\n") else 0)

    @property
    def top(self):
        """The first component of the path."""
        return self.path.split("/", 1)[0]

    @property
    def module(self):
        """The module of a file under Sources, else nothing."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "Sources" and len(parts) > 2 else None

    @property
    def is_swift(self):
        """Tells whether this is Swift source."""
        return self.path.endswith(".swift")

    @property
    def is_script(self):
        """Tells whether this starts like a program for an interpreter."""
        return self.text.startswith("#!")

    @property
    def is_executable(self):
        """Tells whether its owner may run it."""
        return bool(os.stat(self.root / self.path).st_mode & 0o100)

    def finding(self, line, rule, message):
        """A finding in this file."""
        return Finding(self.path, line, rule, message)


def read_tree(root):
    """All text files under a directory, sorted by path; what a build made is left out."""
    files = []
    for directory, names, members in os.walk(root):
        names[:] = sorted(
            n for n in names if n not in SKIPPED and not n.startswith(".build-"))
        for member in sorted(members):
            file = _read(root, Path(directory) / member)
            if file:
                files.append(file)
    return files


def _read(root, path):
    if path.is_symlink() or not path.is_file() or path.stat().st_size > TEXT_MAX:
        return None
    content = path.read_bytes()
    if b"\0" in content[:8192]:
        return None
    return File(root, path.relative_to(root).as_posix(), content.decode("utf-8", "replace"))
