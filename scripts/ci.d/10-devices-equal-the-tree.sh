#!/usr/bin/env bash
# Compares what `pvusb devices` tells of a captured sysfs tree with what the shell reads there:
# the JSON field by field, then the lines for people.
#
# Usage: scripts/ci.d/10-devices-equal-the-tree.sh
# Environment: PVUSB the program (default .build/debug/pvusb); CI_SCRATCH an empty directory.
# Exit codes: 0 all fields are equal; 1 some differ, or the tree is not the expected one.
set -euo pipefail

cd "$(dirname "$0")/../.."
pvusb=${PVUSB:-$PWD/.build/debug/pvusb}
scratch=${CI_SCRATCH:-$(mktemp -d)}
[[ -n ${CI_SCRATCH-} ]] || trap 'rm -rf "$scratch"' EXIT
unset PVUSB_SANDBOX
export LC_ALL=C.UTF-8

tar --force-local -xzf Tests/Fixtures/host-sysfs.tar.gz -C "$scratch"
sys=$scratch/sys
scripts/expect-devices "$sys" >"$scratch/expected"
"$pvusb" --sysfs "$sys" devices --json >"$scratch/devices.json"
"$pvusb" --sysfs "$sys" devices >"$scratch/devices.txt"

python3 - "$scratch" <<'PYTHON'
import json
import re
import sys
from pathlib import Path

scratch = Path(sys.argv[1])
FIELDS = ("bus id", "bus.device", "vendor:product", "speed", "classes", "drivers",
          "manufacturer", "product", "serial")


def text(value):
    """A value as expect-devices prints it: `-` for none."""
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def fields(device):
    """The fields of a device of the JSON, in the order of expect-devices."""
    interfaces = device["interfaces"]
    return (
        device["busId"], f"{device['bus']}.{device['device']}",
        f"{device['vendorId']}:{device['productId']}", text(device["speed"]),
        ",".join(i["class"] for i in interfaces) or "-",
        ",".join(text(i["driver"]) for i in interfaces) or "-",
        text(device["manufacturer"]), text(device["product"]), text(device["serial"]))


def line(expected):
    """The columns that people see, from the fields of expect-devices."""
    row = dict(zip(FIELDS, expected))
    words = [row[f] for f in ("manufacturer", "product") if row[f] != "-"]
    # A product that names its maker already is not given the maker's name twice.
    name = words[-1] if words[-1].startswith(words[0]) else " ".join(words)
    state = "hub" if row["classes"] == "09" else "host"
    drivers = list(dict.fromkeys(d for d in row["drivers"].split(",") if d != "-"))
    return [row["bus id"], row["vendor:product"], name, state, ",".join(drivers)]


expected = [
    tuple(row.split("\t")) for row in (scratch / "expected").read_text().splitlines()]
document = json.loads((scratch / "devices.json").read_text())
found = [fields(device) for device in document["devices"]]
lines = [re.split(r" {2,}", row) for row in (scratch / "devices.txt").read_text().splitlines()]
problems = []


def compare(what, one, other):
    if one != other:
        problems.append(f"{what}: the tree has {one!r}, pvusb has {other!r}")


compare("number of devices in the tree", len(expected), 19)
compare("number of devices", len(expected), len(found))
compare("number of lines", len(expected), len(lines))
compare("unreadable devices", [], document["unreadable"])
for wanted, got in zip(expected, found):
    for name, one, other in zip(FIELDS, wanted, got, strict=True):
        compare(f"{wanted[0]}: {name}", one, other)
for wanted, got in zip(expected, lines):
    compare(f"{wanted[0]}: its line", line(wanted), got)
for problem in problems:
    print(problem)
if problems:
    sys.exit(1)
print(f"{len(found)} devices, {len(found) * len(FIELDS)} fields and {len(lines)} lines are equal")
PYTHON
