"""Plays a written session on a world, and tells how it went in the same words.

A session is a text. Its lines are

    $ WORDS                     runs `pvusb --usb WORLD WORDS`; below it stands what the command
                                says: standard output as it is, standard error behind `! `, and an
                                exit code but 0 as `[N]`
    % connected DOMID DEVID     waits until a controller is connected
    % killed NODE VALUE WORDS   runs a command, and kills it when a node has that value
    % store NAME                the whole store is as in the file NAME.store, but for the nodes
                                that are the server's own
    # TEXT                      a remark

and all others, which are what the last command said.
"""

import shlex
import subprocess

from stage import LIMIT, Failure

GIVEN = ("$ ", "% ", "# ")
# What one kind of server shows of itself and the other does not.
OWN = ("/@introduceDomain ", "/@releaseDomain ", "/tool")


def play(stage, session):
    """Plays a session: how it went, and the stores that it wants to see, by name."""
    lines, stores = [], {}
    for line in session.splitlines():
        if line[:2] not in GIVEN and line:
            continue
        lines.append(line)
        words = shlex.split(line[2:]) if line[:2] != "# " else []
        if line.startswith("$ "):
            lines += told(*stage.run(*words))
        elif words[:1] == ["store"]:
            stores[words[1]] = "".join(
                line for line in stage.listing().splitlines(keepends=True)
                if not line.startswith(OWN))
        elif words[:1] == ["connected"]:
            stage.connected(*words[1:])
        elif words[:1] == ["killed"]:
            kill(stage, *words[1:])
        elif words:
            raise Failure(f"'{line}' is none of a session's lines")
    return "\n".join(lines) + "\n", stores


def told(code, output, errors):
    """What a command said, as lines of a session."""
    lines = output.splitlines() + [f"! {line}" for line in errors.splitlines()]
    return lines + ([f"[{code}]"] if code else [])


def kill(stage, node, value, *words):
    """Kills a command in the midst of its work."""
    process = subprocess.Popen(
        stage.command(*words), env=stage.surroundings(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stage.store.wait(node, lambda present: present == value)
    process.kill()
    if process.wait(timeout=LIMIT) >= 0:
        raise Failure(f"'{' '.join(words)}' had ended before it was killed")
