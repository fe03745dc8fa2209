"""Processes that are all ready before any of them begins.

    race = Race()
    race.command(stage, "attach", "pv1", "1-4")
    race.command(stage, "detach", "1-4", after=0.01)
    first, second = race.run()
"""

import os
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """How a process ended."""

    code: int
    output: str
    errors: str

    def __str__(self):
        return f"exit code {self.code}: {(self.output + self.errors).strip()}"


class Race:
    """A start for several processes at once."""

    def __init__(self):
        self.gate, self.opener = os.pipe()
        self.ready, self.readiness = os.pipe()
        self.runners = []

    def command(self, stage, *words, after=0, locks=None):
        """Adds a command on a stage.

        `after` seconds later than the start lets another one get that far first; no result may
        depend on it.
        """
        command, environment = stage.command(*words), stage.surroundings(locks)
        self.body(lambda: os.execve(command[0], command, environment), after)

    def body(self, body, after=0):
        """Adds a piece of this program; it runs in a process of its own."""
        files = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        process = os.fork()
        if not process:
            self._become(body, after, files)
        self.runners.append((process, files))

    def _become(self, body, after, files):
        try:
            os.close(self.opener)
            with open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), 0)
            os.dup2(files[0].fileno(), 1)
            os.dup2(files[1].fileno(), 2)
            os.write(self.readiness, b".")
            os.read(self.gate, 1)
            time.sleep(after)
            body()
            sys.stdout.flush()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)

    def run(self):
        """Lets all begin; how each ended, in the order in which they were added."""
        for _ in self.runners:
            os.read(self.ready, 1)
        os.close(self.opener)
        runs = []
        for process, files in self.runners:
            status = os.waitpid(process, 0)[1]
            runs.append(Run(os.waitstatus_to_exitcode(status), *map(_text, files)))
        for end in (self.gate, self.ready, self.readiness):
            os.close(end)
        return runs


def _text(file):
    with file:
        file.seek(0)
        return file.read().decode()
