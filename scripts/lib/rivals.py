"""What other tools do to a store beside pvusb, and when, seen from outside."""

import json
import time

BACKENDS = "/local/domain/0/backend/vusb"
RECORD = "/libxl/pvusb/device/1-4"
# Moments of an attach of 1-4, which has two interfaces, to port 0:1 of domain 1.
MOMENTS = (
    "start", "locked", "claimed", "listed", "unbound", "captured in part", "captured", "attached")
# Those of one that has to make the controller first.
LONG_MOMENTS = ("start", "locked", "created", "connected", *MOMENTS[2:])
PATIENCE = 30


def port(domain, controller, number):
    """A port node of a controller of kind pv."""
    return f"{BACKENDS}/{domain}/{controller}/port/{number}"


def holders(store, device):
    """All port nodes that hold a device."""
    return [
        path
        for domain in sorted(store.children(BACKENDS))
        for controller in sorted(store.children(f"{BACKENDS}/{domain}"))
        for number in sorted(store.children(f"{BACKENDS}/{domain}/{controller}/port"))
        if store.read(path := port(domain, controller, number)) == device]


def wait(stage, store, moment, longer=0):
    """Waits for a moment of the attach, seen from outside, and some seconds longer."""
    if moment == "created":
        store.wait("/libxl/1/device/vusb/0/type", lambda value: value == "pv")
    elif moment == "connected":
        store.wait(f"{BACKENDS}/1/0/state", lambda value: value == "4")
    elif moment == "claimed":
        store.wait(port(1, 0, 1), lambda value: value == "1-4")
    elif moment == "attached":
        store.wait(f"{RECORD}/goal", lambda value: value == "attached")
    elif moment != "start":
        wait_for_world(stage, moment)
    time.sleep(longer)


def wait_for_world(stage, moment):
    """Looks at the world's files until the attach is that far; nobody tells of these changes.

    A moment that did not last may be missed, a later one is as good then.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        signs = dict(shown_by(stage))
        if any(list(signs.values())[list(signs).index(moment):]):
            return
    raise TimeoutError(f"the attach is never '{moment}'")


def shown_by(stage):
    """The moments in their order, and whether each shows."""
    lock = stage.locks / "device.1-4.lock"
    yield "locked", lock.exists() and lock.stat().st_size > 0
    world = json.loads(stage.world.read_text())
    drivers = next(
        [interface.get("driver") for interface in device["interfaces"]]
        for device in world["usb"]["devices"] if device["busId"] == "1-4")
    yield "listed", "1-4:1:0:1" in world.get("usbback", [])
    yield "unbound", None in drivers
    yield "captured in part", "usbback" in drivers
    yield "captured", set(drivers) == {"usbback"}


def destroy(store, domain):
    """Removes a domain's nodes as libxl does when it destroys a domain.

    First each controller's three directories in one transaction, with the empty ones above them
    (libxl_device.c, `libxl__device_destroy`), then the domain's own (libxl_domain.c,
    `libxl__destroy_domid`). Its USB devices are left where they are, as by a libxl that could not
    give them back.
    """
    for number in store.children(f"/libxl/{domain}/device/vusb"):
        store.transaction(lambda number=number: _remove_controller(store, domain, number))
    machine = store.read(f"/local/domain/{domain}/vm")
    for path in (machine, f"/local/domain/{domain}", f"/libxl/{domain}"):
        if path:
            store.remove(path)


def _remove_controller(store, domain, number):
    for path in (
            f"/local/domain/{domain}/device/vusb/{number}",
            f"/local/domain/0/backend/vusb/{domain}/{number}",
            f"/libxl/{domain}/device/vusb/{number}"):
        _clean(store, path)


def _clean(store, path):
    """Removes a node and the directories above it that are empty then
    (libxl_xshelp.c, `libxl__xs_path_cleanup`)."""
    store.remove(path)
    path = path.rpartition("/")[0]
    while path and store.read(path) == "" and not store.children(path):
        store.remove(path)
        path = path.rpartition("/")[0]


def remember(store, domain):
    """A domain's own nodes and the directory of all backends, to be restored."""
    machine = store.read(f"/local/domain/{domain}/vm")
    paths = (f"/local/domain/{domain}", f"/libxl/{domain}", machine)
    nodes = [node for path in paths if path for node in store.tree(path)]
    return nodes + store.tree("/local/domain/0/backend")[:1]


def restore(store, nodes):
    """Makes a domain's nodes again, all at once, as far as they are missing."""

    def write():
        for path, value, permissions in nodes:
            if store.read(path) is None:
                store.write(path, value, permissions)

    store.transaction(write)
