"""Replaces a stage's section of docs/proofs.md: `proofs_page.py STAGE COMMAND SECONDS <OUTPUT`.

The order of the sections is that of the titles here; a stage that has never passed has none.
"""

import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "proofs.md"
INTRODUCTION = """# What was shown, and when

Written by `scripts/full`, a section a stage, each with the commit it was run on. What stands here was
run and passed; what is not here was not. What every change has to pass is in `.ci/run`.
"""
KILLS = """\
`pvusb`, as it is released, dies at each system call of each of these runs: before it, so that between
two effects, which are the calls that can be seen from outside, there is at least one death. After each,
`devices` told what was half done and never `host` for what was not; `recover` settled the device; the
same command once more reached its goal; when all was taken back, the store and the world were those of
the beginning, byte for byte. *States* are the different worlds and stores that the deaths left, each
tried once."""
# Each stage's title and what it shows.
STAGES = {
    "explore": ("Every order of what may happen", """\
`explore` lets operations die, lets others act and lets requests fail between any two effects, in every
order within a budget, on the simulated host, and holds each state against the laws."""),
    "explore-full": ("The same, with two events along a path", """As above, with the widest budgets: two events, and more kills beside them."""),
    "explore-coverage": ("What is executed of the core", """\
While `explore --narrow` holds the laws in every scenario, all regions of the planner and of the
operations run, but for those that `scripts/lib/explore_exceptions.txt` names, each with its reason."""),
    "kills-sandbox": ("Killed at every system call, on a sandbox file", KILLS),
    "kills-c": ("Killed at every system call, on a real C xenstored", KILLS),
    "kills-oxenstored": ("Killed at every system call, on a real oxenstored", KILLS),
    "races": ("Commands at the same moment", """\
On real xenstoreds, commands beside each other and beside another tool: how often each pair of exit
codes was seen, and every end is one that some order explains."""),
    "watch-idle": ("An idle watch", """\
`pvusb watch` makes no system call while nothing changes, and hears the change that comes then."""),
    "by-hand": ("By hand", """\
A device that is unplugged while a guest has it, and a driver that refuses a device three times."""),
    "lab-plain": ("On a real kernel", """\
Every scenario of `lab/scenarios/plain`: Debian's kernel with emulated USB hardware and a real xenstored;
`lab/README.md` says what stands in for the guest and for usbback."""),
}


def machine():
    """The machine in a line."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    release = re.search(r'^PRETTY_NAME="(.*)"$', Path("/etc/os-release").read_text(), re.M)
    uname = os.uname()
    name = f" ({model[1]})" if model else ""
    system = f"{release[1]}, " if release else ""
    return f"{os.cpu_count()} processors{name}, {system}Linux {uname.release} {uname.machine}"


def commit():
    """The commit that is checked out."""
    return subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], text=True,
        stdout=subprocess.PIPE, check=True).stdout.strip()


def section(stage, command, seconds, output):
    """A stage's section."""
    title, meaning = STAGES[stage]
    day = datetime.datetime.now(datetime.timezone.utc).date()
    lines = "\n".join(line.rstrip() for line in output.rstrip().splitlines())
    return f"""## {title}

{meaning}

| commit | day | seconds | machine | command |
|---|---|---|---|---|
| {commit()} | {day} | {seconds} | {machine()} | `{command}` |

```
{lines}
```
"""


def replace(page, stage, new):
    """The page with a stage's section replaced, or added in its place."""
    order = [f"## {title}" for title, _ in STAGES.values()]
    sections, heading = {}, None
    for line in page.splitlines(keepends=True):
        if line.rstrip() in order:
            heading = line.rstrip()
            sections[heading] = ""
        elif heading:
            sections[heading] += line
    sections[f"## {STAGES[stage][0]}"] = new.split("\n", 1)[1]
    texts = [f"{name}\n{sections[name].strip()}\n" for name in order if name in sections]
    return "\n".join([INTRODUCTION, *(text.replace("\n", "\n\n", 1) for text in texts)])


def main(stage, command, seconds):
    """Writes the page."""
    page = PAGE.read_text() if PAGE.exists() else INTRODUCTION
    PAGE.write_text(replace(page, stage, section(stage, command, seconds, sys.stdin.read())))


if __name__ == "__main__":
    main(*sys.argv[1:])
