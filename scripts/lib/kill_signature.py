"""What a world and its store look like at one moment: two that are equal are so byte for byte."""

import json
import re
from dataclasses import dataclass
from functools import cached_property

PORT = re.compile(r"^/local/domain/0/backend/vusb/(\d+)/(\d+)/port/(\d+)$")
# Those of the kinds that QEMU serves; of the others libxl's record has copies, always empty.
HOLDER = re.compile(
    r"^(?:/local/domain/0/backend/[vq]usb/\d+/\d+|/libxl/\d+/device/vusb/\d+)/port/\d+$")
CONTROLLER = re.compile(r"^/libxl/(\d+)/device/vusb/(\d+)$")
END = re.compile(r"^/local/domain/(?:0/backend/vusb/(\d+)|(\d+)/device/vusb)/(\d+)(?:/|$)")


@dataclass(frozen=True)
class Signature:
    """All that is there: the world file's bytes, and the nodes of a real store."""

    world: bytes
    store: tuple = ()

    @cached_property
    def document(self):
        """The world."""
        return json.loads(self.world)

    @cached_property
    def own_nodes(self):
        """The nodes in the world's own store: each path's value."""
        return {path: node.get("value", "") for path, node in self.document["store"].items()}

    @cached_property
    def nodes(self):
        """The store's nodes: each path's value."""
        return {path: value.decode() for path, (value, _) in self.store} or self.own_nodes

    def drivers(self, device):
        """The driver of each interface."""
        return next(
            [interface.get("driver") for interface in found["interfaces"]]
            for found in self.document["usb"]["devices"] if found["busId"] == device)

    def holders(self, device):
        """The port nodes that hold a device."""
        return [
            path for path, value in self.nodes.items() if HOLDER.match(path) and value == device]

    def is_open(self, device):
        """Whether a QEMU has a device open."""
        return any(
            item.get("busId") == device and item.get("number") is not None
            for qemu in self.document.get("qemus", [])
            for item in qemu["slots"] + qemu["peripherals"])

    def record(self, device):
        """A device's record; None when it has none."""
        top = f"/libxl/pvusb/device/{device.replace('.', '_')}/"
        return {
            path.removeprefix(top): value for path, value in self.nodes.items()
            if path.startswith(top)} or None

    @property
    def controllers(self):
        """The controllers: each domain's number and its own, the last one first."""
        found = filter(None, map(CONTROLLER.match, self.nodes))
        return sorted(((int(one[1]), int(one[2])) for one in found), reverse=True)

    @property
    def is_at_rest(self):
        """Whether the player has seen all that is there, and nobody has an answer to give."""
        played = {path for path in {**self.nodes, **self.own_nodes} if END.match(path)}
        if any(self.nodes.get(path) != self.own_nodes.get(path) for path in played):
            return False
        ends = {(end[1] or end[2], end[3]) for end in map(END.match, played)}
        states = {end: self._states(*end) for end in ends}
        if not all(both == {"4"} or both <= {"6", None} for both in states.values()):
            return False
        connected = {end for end, both in states.items() if both == {"4"}}
        return sorted(self._listed(connected)) == sorted(self.document.get("usbback", []))

    def _states(self, domain, number):
        return {self.nodes.get(f"{end}/{domain}/{rest}/state") for end, rest in (
            ("/local/domain/0/backend/vusb", number), ("/local/domain", f"device/vusb/{number}"))}

    def _listed(self, controllers):
        """The lines of usbback's port table that these controllers' ports call for."""
        for path, value in self.nodes.items():
            port = PORT.match(path)
            if port and value and (port[1], port[2]) in controllers:
                yield f"{value}:{port[1]}:{port[2]}:{port[3]}"

    def difference(self, other):
        """What is gone in another one, and what is new there, as a sentence."""
        old, new = set(self.nodes.items()), set(other.nodes.items())
        worlds = "" if self.world == other.world else "; the worlds differ"
        return f"gone {sorted(old - new)}, new {sorted(new - old)}{worlds}"
