"""The session of scripts/ci.d/60-script-of-commands.sh: `script_of_commands.py KIND DIRECTORY`.

With `--write` as a third word the golden files are made anew from how it went: review them.
"""

import difflib
import json
import re
import sys
import time
from pathlib import Path

from stage import Failure, Stage
from transcript import play

GOLDEN = Path(__file__).resolve().parent / "golden"
SESSION = GOLDEN / "commands.session"


def world_of_the_session(world):
    """One guest has no driver for a controller."""
    guest = next(guest for guest in world["domains"] if guest["domid"] == 2)
    guest["hasFrontend"] = False


def compare(name, wanted, seen):
    """Fails with what differs."""
    if wanted != seen:
        lines = difflib.unified_diff(
            wanted.splitlines(), seen.splitlines(), f"{name} as it should be", "as it is", n=1,
            lineterm="")
        raise Failure("\n".join(lines))


def check(went, stores, session):
    """Compares how it went with the golden files."""
    compare(SESSION.name, session, went)
    for name, listing in stores.items():
        compare(f"{name}.store", (GOLDEN / f"{name}.store").read_text(), listing)


def write(went, stores):
    """Makes the golden files anew."""
    SESSION.write_text(went)
    for name, listing in stores.items():
        (GOLDEN / f"{name}.store").write_text(listing)


def main(kind, directory, *options):
    """Plays the session on a server of one kind."""
    started, session = time.monotonic(), SESSION.read_text()
    with Stage(kind, directory, edit=world_of_the_session) as stage:
        before = json.loads(stage.world.read_text())
        went, stores = play(stage, session)
        stage.end_player()
        if "--write" in options:
            write(went, stores)
        check(went, stores, session if not options else went)
        if json.loads(stage.world.read_text()) != before:
            raise Failure("the world is not what it was")
    commands = len(re.findall(r"^\$ ", went, re.M))
    codes = sorted({int(code) for code in re.findall(r"^\[(\d+)\]$", went, re.M)})
    print(
        f"{kind:11}{commands:9}{len(stores):8}{time.monotonic() - started:7.1f} s   "
        f"0 {' '.join(map(str, codes))}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"{sys.argv[1]}: {failure}")
