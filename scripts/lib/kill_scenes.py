"""The commands that are killed, and where each of them starts."""

from collections.abc import Callable
from dataclasses import dataclass

STICK, SOUND = "1-3.2", "1-4"
ADD = ("controller", "add", "pv1")


@dataclass(frozen=True)
class Half:
    """A command that was killed before, at the first change after which the world is like this."""

    words: tuple
    test: Callable


@dataclass(frozen=True)
class Scene:
    """A command, the device it is about, and what was done before it."""

    command: str
    variant: str
    words: tuple
    begin: tuple = ()
    device: str = STICK
    half: Half | None = None
    # The device's state when the command was repeated; None where it decides for itself.
    goal: str | None = None
    # Exit codes of the repeated command: 5 where what it removes is gone.
    codes: tuple = (0,)
    guest: str = "pv1"
    # What a world needs before: a change of its document. A real store has no QEMU to play.
    world: Callable | None = None

    @property
    def is_sandbox_only(self):
        """Whether QEMU serves the device."""
        return self.world is not None


def _attach(device, guest="pv1"):
    return ("attach", guest, device)


def _with_qemu(document):
    """The first guest has a QEMU, and the host no usbback: attach makes a controller of kind qusb."""
    document["usb"]["drivers"].remove("usbback")
    document["qemus"].append(
        dict(document["qemus"][0], domid=1, process=4001, slots=[], peripherals=[]))
    nodes = document["store"]
    for path, value in {
            "/local/domain/1/image": "", "/local/domain/1/image/device-model-pid": "4001",
            "/local/domain/0/device-model/1": "", "/local/domain/0/device-model/1/backends": "",
            "/local/domain/0/device-model/1/backends/qusb": ""}.items():
        nodes[path] = dict(nodes["/local/domain/0"], value=value)


def _as_it_is(_):
    """win10 has a QEMU: attach makes a controller that it emulates."""


def _in_the_midst_of_a_detach(left):
    return left.drivers(STICK) == [None] and left.holders(STICK)


def _captured_in_part(left):
    return left.drivers(SOUND) == ["usbback", None]


def _made_a_controller(left):
    return bool(left.controllers) and left.record(STICK) and not left.holders(STICK)


def _begun_to_leave(left):
    return left.record(SOUND)["goal"] == "detach"


REMOVE = {"words": ("controller", "remove", "pv1", "0"), "goal": "host", "codes": (0, 5)}

SCENES = [
    Scene("attach", "one interface", _attach(STICK), (ADD,), goal="assigned"),
    Scene("attach", "two interfaces", _attach(SOUND), (ADD,), SOUND, goal="assigned"),
    Scene("attach", "makes a controller", _attach(STICK), goal="assigned"),
    Scene("detach", "one interface", ("detach", STICK), (ADD, _attach(STICK)), goal="host"),
    Scene(
        "detach", "two interfaces", ("detach", SOUND), (ADD, _attach(SOUND)), SOUND, goal="host"),
    Scene("detach", "controller was made", ("detach", STICK), (_attach(STICK),), goal="host"),
    Scene(
        "recover", "one interface", ("recover",), (ADD, _attach(STICK)),
        half=Half(("detach", STICK), _in_the_midst_of_a_detach), goal="host"),
    Scene(
        "recover", "two interfaces", ("recover",), (ADD,), SOUND,
        Half(_attach(SOUND), _captured_in_part), goal="host"),
    Scene(
        "recover", "controller was made", ("recover",),
        half=Half(_attach(STICK), _made_a_controller), goal="host"),
    Scene("controller add", "one more", ADD),
    Scene("controller remove", "empty", begin=(ADD,), **REMOVE),
    Scene("controller remove", "one interface", begin=(ADD, _attach(STICK)), **REMOVE),
    Scene(
        "controller remove", "two interfaces", begin=(ADD, _attach(SOUND)), device=SOUND,
        **REMOVE),
]


def _served(kind, guest, world):
    """A controller that QEMU serves: it is made, given back, removed, and a detach that was killed
    is recovered."""
    device = {"device": SOUND, "guest": guest, "world": world}
    attach, remove = _attach(SOUND, guest), ("controller", "remove", guest, "0")
    return [
        Scene("attach", kind, attach, goal="assigned", **device),
        Scene("detach", kind, ("detach", SOUND), (attach,), goal="host", **device),
        Scene(
            "recover", kind, ("recover",), (attach,), goal="host",
            half=Half(("detach", SOUND), _begun_to_leave), **device),
        Scene(
            "controller remove", kind, remove, (attach,), goal="host", codes=(0, 5), **device),
    ]


SCENES += _served("kind qusb", "pv1", _with_qemu)
SCENES += _served("kind devicemodel", "win10", _as_it_is)
