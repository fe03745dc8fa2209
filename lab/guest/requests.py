"""How many requests a command sent to xenstored, and in how many times: `requests.py TRACE`.

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
    """What was written to the store, connection by connection, and in how many calls."""
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
                streams[number] = bytearray(), []
                yield streams[number]
        elif number in streams:
            streams[number][0].extend(data[:int(result)])
            streams[number][1].append(name)


def messages(stream):
    """How many messages there are in what was written."""
    count = position = 0
    while position + 16 <= len(stream):
        position += 16 + int.from_bytes(stream[position + 12:position + 16], "little")
        count += 1
    return count


if __name__ == "__main__":
    with open(sys.argv[1], encoding="ascii") as trace:
        streams = list(sent(trace))
    counts = [messages(stream) for stream, _ in streams]
    # xl's library writes a request in two pieces and waits for its answer.
    sendings = [min(count, len(calls)) for count, (_, calls) in zip(counts, streams)]
    print(sum(counts), sum(sendings))
