"""Makes up domains with controllers in xenstore: `made_up.py COUNT PORTS`.

They are numbered from 1000 on, and have what libxl and a backend write for a controller of kind qusb
that is connected and empty. Nobody but domain 0 may read them: there are no such domains.
"""

import sys

sys.path.insert(0, "/pvusb/scripts/lib")
from storeclient import Store  # noqa: E402

FIRST = 1000


def nodes(number, ports):
    """A domain's nodes: path and value."""
    domain, libxl = f"/local/domain/{number}", f"/libxl/{number}/device/vusb/0"
    front, back = f"{domain}/device/vusb/0", f"/local/domain/0/backend/qusb/{number}/0"
    settings = {"type": "qusb", "usb-ver": "2", "num-ports": str(ports), "port": ""}
    settings |= {f"port/{port}": "" for port in range(1, ports + 1)}
    ends = {"frontend": front, "frontend-id": str(number), "online": "1"}
    yield from {
        f"{domain}/name": f"made-up-{number}", f"{domain}/domid": str(number),
        f"{domain}/vm": f"/vm/00000000-0000-0000-0000-{number:012}", f"/libxl/{number}/type": "pv",
        f"{front}/backend": back, f"{front}/backend-id": "0", f"{front}/state": "4"}.items()
    for name, value in {**ends, "state": "4", **settings}.items():
        yield f"{back}/{name}", value
    for name, value in {**ends, "backend": back, "state": "1", **settings}.items():
        yield f"{libxl}/{name}", value


def main():
    count, ports = map(int, sys.argv[1:])
    store = Store("/run/xenstored/socket")
    for number in range(FIRST, FIRST + count):
        # What is made below a node has its permissions.
        for path in (f"/local/domain/{number}", f"/libxl/{number}",
                     f"/local/domain/0/backend/qusb/{number}"):
            store.write(path, "", ["n0"])
        for path, value in nodes(number, ports):
            store.write(path, value)


if __name__ == "__main__":
    main()
