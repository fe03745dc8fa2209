"""Says a line to the monitor of a guest's QEMU: `monitor.py DOMID LINE`; prints what it answers.

The socket is libxl's, which serves one client at a time.
"""

import json
import socket
import sys

domain, line = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(60)
    connection.connect(f"/run/xen/qmp-libxl-{domain}")
    stream = connection.makefile("rw")
    stream.readline()
    for command in (
            {"execute": "qmp_capabilities"},
            {"execute": "human-monitor-command", "arguments": {"command-line": line}, "id": 1}):
        stream.write(json.dumps(command) + "\n")
        stream.flush()
    answer = {}
    while answer.get("id") != 1:
        answer = json.loads(stream.readline())
print(answer.get("return", answer.get("error", {}).get("desc", "")).replace("\r", ""), end="")
