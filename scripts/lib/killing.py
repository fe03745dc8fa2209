"""Kills a command at one of its system calls, and knows what the calls are called.

`killat.c` does the killing; strace's own counter counts for each thread alone, so that it does not
reach the first calls of a second thread.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stage import LIMIT, Failure

SOURCE = Path(__file__).resolve().parent / "killat.c"
# What can be seen from outside the process: files replaced and emptied, locks, what is sent.
EFFECTS = ("rename", "renameat", "renameat2", "sendmsg", "sendto", "fcntl", "ftruncate", "write")
# Of them, those that change a world or a store, or may.
CHANGES = ("rename", "renameat", "renameat2", "sendmsg", "sendto")
# The call that ends the process.
LAST = ("exit_group",)
KILLED = 137


@dataclass(frozen=True)
class Death:
    """A run under the killer: the calls it entered, and how it ended."""

    code: int
    calls: tuple
    errors: str

    @property
    def was_killed(self):
        """Whether it died; the last call was not carried out then."""
        return self.code == KILLED

    @property
    def effects(self):
        """How many effects were carried out."""
        done = self.calls[:-1] if self.was_killed else self.calls
        return sum(call in EFFECTS for call in done)


class Killer:
    """The compiled program, and the names of the system calls."""

    def __init__(self, directory, build=True):
        compiler = next(filter(None, map(shutil.which, ("clang", "gcc", "cc"))), None)
        if not compiler:
            raise Failure("there is no C compiler for scripts/lib/killat.c")
        self.program = Path(directory) / "killat"
        if build:
            _run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", self.program, SOURCE])
        self.names = _names(compiler)

    def kill(self, count, words, log, environment, calls=None):
        """Runs a command and kills it at the call of that number, of some calls or of all."""
        numbers = [str(number) for number, name in self.names.items() if calls and name in calls]
        done = subprocess.run(
            [self.program, str(count), ",".join(numbers) or "all", log, *words],
            env=environment, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        entered = (line.split()[1] for line in Path(log).read_text().splitlines())
        names = tuple(self.names.get(int(number), number) for number in entered)
        return Death(done.returncode, names, done.stderr.strip())


def _names(compiler):
    """The names of the system calls by their numbers, as the C library has them."""
    printed = _run([compiler, "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"])
    words = (line.split() for line in printed.splitlines())
    return {
        int(word[2]): word[1].removeprefix("__NR_") for word in words
        if len(word) == 3 and word[1].startswith("__NR_") and word[2].isdigit()}


def _run(words):
    done = subprocess.run(
        words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failure(f"'{words[0]}' failed: {done.stderr.strip()}")
    return done.stdout
