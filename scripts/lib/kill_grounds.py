"""Where a command is killed: a sandbox file, or a real xenstored with a world that is played.

A ground can be brought back to what it was as often as one likes.
"""

import fcntl
import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from kill_signature import Signature
from stage import LIMIT, PVUSB, Failure, Stage

PATIENCE = 60


class Sandbox:
    """A world file with its store in it: what was left can be looked at again and again."""

    kind = "sandbox"

    def __init__(self, directory, killer):
        self.directory, self.killer = Path(directory), killer
        self.directory.mkdir(parents=True)
        self.world = self.directory / "w.json"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PVUSB_")}
        self.command("sandbox", "new", str(self.world), "--quiet", on=())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def words(self, *words):
        """The words of a command on this ground."""
        return [PVUSB, "--sandbox", str(self.world), *words]

    def command(self, *words, on=None):
        """Runs a command to its end: its exit code, its output and its errors."""
        line = self.words(*words) if on is None else [PVUSB, *on, *words]
        done = subprocess.run(
            line, env=self.environment, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout, done.stderr

    def kill(self, count, *words, calls=None):
        """Runs a command and kills it at its call of that number."""
        log = self.directory / "calls"
        return self.killer.kill(count, self.words(*words), log, self.environment, calls)

    def signature(self):
        """What is there now."""
        return Signature(self.world.read_bytes())

    def bring_back(self, signature):
        """Makes the world what it was."""
        self.world.write_bytes(signature.world)
        Path(f"{self.world}.tmp").unlink(missing_ok=True)

    def change(self, body):
        """Changes the world's document."""
        document = json.loads(self.world.read_text())
        body(document)
        self.world.write_text(json.dumps(document))

    def rest(self):
        """What is there when nobody has anything to do: time stands still between two commands."""
        return self.signature()

    def check(self):
        """Nobody plays here who could have failed."""


class Served(Sandbox):
    """A real xenstored, and a world that `pvusb simulate` plays on it."""

    def __init__(self, directory, killer, kind):
        self.directory, self.killer, self.kind = Path(directory), killer, kind
        self.directory.mkdir(parents=True)
        self.stage = Stage(kind, self.directory / "stage")
        self.world, self.environment = self.stage.world, self.stage.environment

    def __enter__(self):
        self.stage.__enter__()
        return self

    def __exit__(self, *_):
        self.stage.__exit__()

    def words(self, *words):
        """The words of a command on this ground."""
        return self.stage.command(*words)

    @contextmanager
    def pause(self):
        """Keeps the player from doing anything: each of its steps is done under this lock."""
        with open(f"{self.world}.lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def signature(self):
        """What is there between two steps of the player's."""
        with self.pause():
            nodes = self.stage.store.everything()
            return Signature(self.world.read_bytes(), tuple(sorted(nodes.items())))

    def rest(self):
        """What is there when guests and backends have done what they have to do."""
        deadline = time.monotonic() + PATIENCE
        while not (seen := self.signature()).is_at_rest:
            if time.monotonic() > deadline:
                raise Failure("guests and backends never come to rest")
            self.check()
        return seen

    def bring_back(self, signature):
        """Makes world and store what they were, both between two steps of the player's."""
        new = self.directory / "put-back"
        new.write_bytes(signature.world)
        with self.pause():
            self.stage.store.put_back(dict(signature.store))
            new.replace(self.world)

    def check(self):
        """Fails when the player has ended by itself."""
        self.stage.check_player()


def grounds(directory, killer):
    """How to make each kind of ground, by its name."""
    return {
        "sandbox": lambda name: Sandbox(directory / name, killer),
        "c": lambda name: Served(directory / name, killer, "c"),
        "oxenstored": lambda name: Served(directory / name, killer, "oxenstored"),
    }
