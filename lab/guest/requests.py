"""How many requests a command sent to xenstored: `requests.py TRACE`; prints one number.

The trace is of `strace -f -xx -s 1000000 -e trace=connect,sendmsg,sendto,write,writev`. What was written to
the store's socket is put together again and cut into messages, whoever cut it how (xs_wire.h: four
numbers of 32 bits, the last of them the length of what follows).
"""

import re
import sys

CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((\d+), (.*)\) += (\d+)")
BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
STORE = (b"xenstored/socket", b"/dev/xen/xenbus")


def sent(lines):
    """What was written to the store, connection by connection."""
    streams = {}
    for line in lines:
        call = CALL.match(line)
        if not call:
            continue
        name, number, words, result = call.groups()
        data = b"".join(bytes.fromhex(text.replace("\\x", "")) for text in BYTES.findall(words))
        if name == "connect":
            streams.pop(number, None)
            if any(path in data for path in STORE):
                streams[number] = bytearray()
                yield streams[number]
        elif number in streams:
            streams[number] += data[:int(result)]


def messages(stream):
    """How many messages there are in what was written."""
    count = position = 0
    while position + 16 <= len(stream):
        position += 16 + int.from_bytes(stream[position + 12:position + 16], "little")
        count += 1
    return count


if __name__ == "__main__":
    with open(sys.argv[1], encoding="ascii") as trace:
        print(sum(map(messages, list(sent(trace)))))
