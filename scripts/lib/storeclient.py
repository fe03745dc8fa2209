"""A bare client of a xenstored: what a script needs to act as another tool beside pvusb.

It shares no code with pvusb. The wire format is that of xen/include/public/io/xs_wire.h.
"""

import errno
import os
import select
import socket
import struct
import time

(DIRECTORY, READ, GET_PERMS, WATCH, UNWATCH, BEGIN, END) = range(1, 8)
(WRITE, MKDIR, RM, SET_PERMS, EVENT, ERROR) = range(11, 17)
PATIENCE = 60


class StoreError(Exception):
    """What the server refused, by the name of the error."""

    def __init__(self, name, what):
        super().__init__(f"{what}: {name}")
        self.name = name


class Store:
    """A connection, and at most one transaction at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.number, self.unread = 0, b""

    def close(self):
        """Ends the connection, and with it its watches and its transaction."""
        self.socket.close()

    def read(self, path):
        """A node's value; None when there is no node."""
        try:
            return self._ask(READ, path + "\0").decode()
        except StoreError as error:
            if error.name == "ENOENT":
                return None
            raise

    def children(self, path):
        """The names below a node; none when there is no node."""
        try:
            return [name.decode() for name in self._ask(DIRECTORY, path + "\0").split(b"\0")[:-1]]
        except StoreError as error:
            if error.name == "ENOENT":
                return []
            raise

    def permissions(self, path):
        """A node's permissions as words, the owner's first."""
        return [word.decode() for word in self._ask(GET_PERMS, path + "\0").split(b"\0")[:-1]]

    def write(self, path, value, permissions=None):
        """Makes or changes a node."""
        self._ask(WRITE, path + "\0" + value)
        if permissions:
            self._ask(SET_PERMS, "".join(word + "\0" for word in [path, *permissions]))

    def remove(self, path):
        """Removes a node with all below it; one that is not there is no mistake."""
        try:
            self._ask(RM, path + "\0")
        except StoreError as error:
            if error.name != "ENOENT":
                raise

    def tree(self, path):
        """A node and all below it: (path, value, permissions) each, parents first."""
        value = self.read(path)
        if value is None:
            return []
        nodes = [(path, value, self.permissions(path))]
        for name in self.children(path):
            nodes += self.tree(f"{path}/{name}")
        return nodes

    def everything(self):
        """All nodes as they are at one moment: each path's value and permissions."""
        self.number = int(self._ask(BEGIN, "\0")[:-1])
        try:
            paths, level = [], ["/"]
            while level:
                paths += level
                level = [
                    f"{path.rstrip('/')}/{name.decode()}"
                    for path, names in zip(level, self._ask_all(DIRECTORY, level))
                    for name in names.split(b"\0")[:-1]]
            values, lists = self._ask_all(READ, paths), self._ask_all(GET_PERMS, paths)
        finally:
            self._end("F")
        return {
            path: (value, " ".join(permissions.decode().split("\0")[:-1]))
            for path, value, permissions in zip(paths, values, lists)}

    def put_back(self, nodes):
        """Makes the store what `everything` saw, as far as it differs, in one transaction."""
        now, gone = self.everything(), ""

        def change():
            nonlocal gone
            for path in sorted(set(now) - set(nodes)):
                if not gone or not path.startswith(gone + "/"):
                    self.remove(path)
                    gone = path
            for path, (value, permissions) in sorted(nodes.items()):
                if now.get(path) != (value, permissions):
                    self.write(path, value.decode(), permissions.split())

        self.transaction(change)

    def transaction(self, body):
        """Does the body in a transaction, again until its commit meets no conflict."""
        while True:
            self.number = int(self._ask(BEGIN, "\0")[:-1])
            try:
                value = body()
            except BaseException:
                self._end("F")
                raise
            try:
                self._end("T")
                return value
            except StoreError as error:
                if error.name != "EAGAIN":
                    raise

    def wait(self, path, test):
        """Waits until a test of a node's value holds, woken by the server alone."""
        deadline = time.monotonic() + PATIENCE
        self._ask(WATCH, path + "\0wait\0")
        try:
            while not test(self.read(path)):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{path} stays {self.read(path)!r}")
                self._await_event(deadline)
        finally:
            self._ask(UNWATCH, path + "\0wait\0")

    def _await_event(self, deadline):
        patience = max(0, deadline - time.monotonic())
        if self.unread or select.select([self.socket], [], [], patience)[0]:
            self._receive()

    def _end(self, answer):
        try:
            self._ask(END, answer + "\0")
        finally:
            self.number = 0

    def _ask(self, kind, payload):
        payload = payload.encode()
        self.socket.sendall(struct.pack("<IIII", kind, 0, self.number, len(payload)) + payload)
        while True:
            answered, body = self._receive()
            if answered == EVENT:
                continue
            if answered == ERROR:
                raise StoreError(body[:-1].decode(), payload.split(b"\0")[0].decode())
            return body

    def _ask_all(self, kind, paths):
        """The answers to one question about many nodes, which all exist; sent at once."""
        wanted = [path.encode() + b"\0" for path in paths]
        self.socket.sendall(b"".join(
            struct.pack("<IIII", kind, 0, self.number, len(path)) + path for path in wanted))
        answers = []
        while len(answers) < len(wanted):
            answered, body = self._receive()
            if answered == ERROR:
                raise StoreError(body[:-1].decode(), paths[len(answers)])
            if answered != EVENT:
                answers.append(body)
        return answers

    def _receive(self):
        kind, _, _, length = struct.unpack("<IIII", self._exactly(16))
        return kind, self._exactly(length)

    def _exactly(self, count):
        while len(self.unread) < count:
            more = self.socket.recv(65536)
            if not more:
                raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
            self.unread += more
        data, self.unread = self.unread[:count], self.unread[count:]
        return data
