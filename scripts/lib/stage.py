"""A world that `pvusb simulate` plays on a real xenstored of its own, for scripts that act there.

    with Stage("c", directory) as stage:
        code, output, errors = stage.run("attach", "pv1", "1-4")

Nothing waits for time: a process's end, a line, a watch event.
"""

import json
import os
import signal
import subprocess
from pathlib import Path

from storeclient import Store

ROOT = Path(__file__).resolve().parent.parent.parent
SERVERS = str(ROOT / "scripts" / "real-xenstored")
PVUSB = os.environ.get("PVUSB") or str(ROOT / ".build" / "debug" / "pvusb")
LIMIT = 120


class Failure(Exception):
    """What is not as it should be; a sentence."""


class Stage:
    """A server, a world and its player; `store` is a connection of another tool's."""

    def __init__(self, kind, directory, sysfs=None, edit=None):
        self.kind, self.directory = kind, Path(directory)
        self.directory.mkdir(parents=True)
        self.server, self.world = self.directory / "xs", self.directory / "w.json"
        self.locks = self.directory / "w.json.locks"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PVUSB_")}
        self.environment["XENSTORED_PATH"] = str(self.server / "socket")
        self.player = self.store = self.started = None
        self._make_world(sysfs, edit)

    def _make_world(self, sysfs, edit):
        source = ["--sysfs", str(sysfs)] if sysfs else []
        self._check([PVUSB, "sandbox", "new", str(self.world), "--quiet", *source])
        if edit:
            world = json.loads(self.world.read_text())
            edit(world)
            self.world.write_text(json.dumps(world))

    def __enter__(self):
        try:
            self._check([SERVERS, "start", self.kind, str(self.server)])
            self.started = True
            self.start_player()
            self.store = Store(self.server / "socket")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.store:
            self.store.close()
        if self.player:
            self.player.kill()
            self.player.communicate()
        if self.started:
            self._check([SERVERS, "stop", str(self.server)])

    def start_player(self):
        """Lets the player begin; returns when the guests are there."""
        self.player = subprocess.Popen(
            [PVUSB, "simulate", str(self.world)], env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = self.player.stderr.readline()
        if "are played until interrupted" not in said:
            raise Failure(f"simulate: {said.strip()}")

    def end_player(self):
        """Ends the player as ^C does, which is its normal end."""
        player, self.player = self.player, None
        player.send_signal(signal.SIGINT)
        said = player.communicate(timeout=LIMIT)[1]
        if player.returncode or said:
            raise Failure(f"the player ended with exit code {player.returncode}: {said}")

    def check_player(self):
        """A player that ended by itself has met something it does not know."""
        if self.player.poll() is not None:
            raise Failure(f"the player ended: {self.player.stderr.read()}")

    def command(self, *words):
        """The words of a command on this world."""
        return [PVUSB, "--usb", str(self.world), *words]

    def run(self, *words, locks=None):
        """Runs a command to its end: its exit code, its output and its errors."""
        done = subprocess.run(
            self.command(*words), env=self.surroundings(locks), text=True, timeout=LIMIT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout, done.stderr

    def must(self, *words):
        """Runs a command that has to succeed; its output."""
        code, output, errors = self.run(*words)
        if code:
            raise Failure(f"'{' '.join(words)}' failed with exit code {code}: {errors.strip()}")
        return output

    def devices(self):
        """Every device's JSON by its bus id."""
        listed = json.loads(self.must("devices", "--json"))["devices"]
        return {device["busId"]: device for device in listed}

    def state(self, device):
        """The word for a device's state."""
        return self.devices()[device]["state"]

    def drivers(self, device):
        """The driver of each interface, as the world has them."""
        world = json.loads(self.world.read_text())
        return next(
            [interface.get("driver") for interface in found["interfaces"]]
            for found in world["usb"]["devices"] if found["busId"] == device)

    def listing(self):
        """The whole store with permissions, as xenstore-ls prints it, sorted."""
        printed = self._check([SERVERS, "ls", str(self.server)])
        return "".join(sorted(printed.splitlines(keepends=True)))

    def connected(self, domain, number):
        """Waits until both ends of a controller work."""
        backend = f"/local/domain/0/backend/vusb/{domain}/{number}/state"
        self.store.wait(backend, lambda state: state == "4")

    def with_store(self, body):
        """Does something with another connection; `store` is one process's only."""
        store = Store(self.server / "socket")
        body(store)
        store.close()

    def surroundings(self, locks=None):
        """The environment of a command; its locks in another directory, if one is named."""
        return self.environment | ({"PVUSB_RUNDIR": str(locks)} if locks else {})

    def _check(self, words):
        done = subprocess.run(
            words, env=self.environment, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise Failure(f"'{' '.join(words)}' failed: {done.stderr.strip()}")
        return done.stdout
