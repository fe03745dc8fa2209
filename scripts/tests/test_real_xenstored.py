"""Tests scripts/real-xenstored on Debian's own servers and clients.

Skipped when the packages cannot be had, unless PVUSB_REQUIRE names xenstored or oxenstored.
"""

import os
import select
import signal
import socket
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = str(Path(__file__).resolve().parent.parent / "real-xenstored")
KINDS = ("c", "oxenstored")
WATCH, INTRODUCE, EVENT, IS_INTRODUCED = 4, 8, 15, 17
LIMIT = 60


def run(*arguments, **more):
    """Runs the script to its end; its output is text."""
    return subprocess.run(
        [SCRIPT, *map(str, arguments)], check=False, text=True, timeout=LIMIT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def setUpModule():
    """Fetches once: a download the first time, a few milliseconds later."""
    required = set(os.environ.get("PVUSB_REQUIRE", "").split(",")) & {"xenstored", "oxenstored"}
    try:
        fetched = subprocess.run(
            [SCRIPT, "fetch"], check=False, text=True, timeout=10 * LIMIT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        message = fetched.stdout if fetched.returncode else None
    except subprocess.TimeoutExpired:
        message = "fetch does not end"
    if message and required:
        raise AssertionError(f"PVUSB_REQUIRE names {sorted(required)}: {message}")
    if message:
        raise unittest.SkipTest(f"needs xenstored: {message}")


def is_running(pid):
    """Tells whether a process does something still: a zombie has no working directory."""
    return os.path.exists(f"/proc/{pid}/cwd")


class Connection:
    """A bare connection to a server: what Debian's clients have no command for."""

    def __init__(self, directory):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(str(directory / "socket"))

    def close(self):
        """Ends the connection."""
        self.socket.close()

    def ask(self, kind, *strings):
        """Sends a request, returns the reply's type and text."""
        payload = "".join(f"{string}\0" for string in strings).encode()
        self.socket.sendall(struct.pack("<4I", kind, 1, 0, len(payload)) + payload)
        return self.receive()

    def receive(self):
        """The next message's type and text."""
        kind, _, _, length = struct.unpack("<4I", self._bytes(16))
        return kind, self._bytes(length).decode()

    def _bytes(self, count):
        data = self.socket.recv(count, socket.MSG_WAITALL)
        if len(data) != count:
            raise EOFError("the server closed the connection")
        return data


class Servers(unittest.TestCase):
    """Each test on each server, in a directory of its own."""

    def setUp(self):
        parent = tempfile.TemporaryDirectory(prefix="pvusb-xs-", dir="/tmp")
        self.addCleanup(parent.cleanup)
        self.parent = Path(parent.name)

    def start(self, kind):
        """Starts a server that ends with the test."""
        directory = self.parent / kind
        self.addCleanup(run, "stop", directory)
        started = run("start", kind, directory)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertEqual(started.stdout, f"XENSTORED_PATH={directory}/socket\n")
        return directory

    def client(self, directory, *arguments):
        """Runs one of Debian's clients, returns what it prints."""
        done = run("client", directory, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def connect(self, directory):
        """A bare connection that ends with the test."""
        connection = Connection(directory)
        self.addCleanup(connection.close)
        return connection

    def test_write_read_list_stop(self):
        for kind in KINDS:
            with self.subTest(kind):
                directory = self.start(kind)
                self.client(directory, "xenstore-write", "/a/b", "a value")
                self.assertEqual(self.client(directory, "xenstore-read", "/a/b"), "a value\n")
                self.assertIn('/a/b = "a value"', run("ls", directory).stdout)
                pid = (directory / "pid").read_text().strip()
                self.assertTrue(is_running(pid))
                self.assertEqual(run("stop", directory).returncode, 0)
                self.assertFalse(is_running(pid))
                self.assertFalse(directory.exists())
                self.assertEqual(run("stop", directory).returncode, 0)

    def test_several_at_once_have_stores_of_their_own(self):
        first, second = self.start("c"), self.start("oxenstored")
        self.client(first, "xenstore-write", "/only", "here")
        self.assertIn("/only", run("ls", first).stdout)
        self.assertNotIn("/only", run("ls", second).stdout)

    def test_a_used_directory_is_refused_and_stays(self):
        directory = self.start("c")
        again = run("start", "oxenstored", directory)
        self.assertEqual((again.returncode, again.stdout), (1, ""))
        self.assertIn("is in use", again.stderr)
        self.assertEqual(run("ls", directory).returncode, 0)
        (self.parent / "own").mkdir()
        (self.parent / "own/file").write_text("mine")
        self.assertEqual(run("start", "c", self.parent / "own").returncode, 1)
        self.assertEqual(run("stop", self.parent / "own").returncode, 0)
        self.assertEqual((self.parent / "own/file").read_text(), "mine")

    def test_a_socket_path_that_is_too_long_is_refused(self):
        directory = self.parent / ("x" * 100)
        refused = run("start", "c", directory)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("at most 107", refused.stderr)
        self.assertFalse(directory.exists())

    def test_a_server_that_ended_by_itself_is_told(self):
        directory = self.start("c")
        pid = int((directory / "pid").read_text())
        end = os.pidfd_open(pid)
        self.addCleanup(os.close, end)
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(select.select([end], [], [], LIMIT)[0])
        self.assertEqual(run("ls", directory).returncode, 1)
        self.assertEqual(run("stop", directory).returncode, 1)
        self.assertEqual(run("stop", directory).returncode, 0)

    def test_permissions_of_a_domain_need_its_file_on_c_xenstored(self):
        directory = self.start("c")
        self.client(directory, "xenstore-write", "/node", "")
        self.assertEqual(run("client", directory, "xenstore-chmod", "/node", "n5").returncode, 1)
        (directory / "dom/5").touch()
        self.client(directory, "xenstore-chmod", "/node", "n5", "r0")
        self.assertIn("(n5,r0)", run("ls", directory).stdout)

    def test_a_domain_is_introduced_and_dies(self):
        for kind in KINDS:
            with self.subTest(kind):
                directory = self.start(kind)
                watcher, connection = self.connect(directory), self.connect(directory)
                self.assertEqual(watcher.ask(WATCH, "@releaseDomain", "t")[1], "OK\0")
                self.assertEqual(watcher.receive(), (EVENT, "@releaseDomain\0t\0"))
                self.assertEqual(connection.ask(INTRODUCE, "5", "1", "1")[1], "EINVAL\0")
                (directory / "dom/5").touch()
                self.assertEqual(connection.ask(INTRODUCE, "5", "1", "1")[1], "OK\0")
                self.assertEqual(connection.ask(IS_INTRODUCED, "5")[1], "T\0")
                (directory / "dom/5").unlink()
                self.assertEqual(watcher.receive(), (EVENT, "@releaseDomain\0t\0"))
                self.assertEqual(connection.ask(IS_INTRODUCED, "5")[1], "F\0")

    def test_with_returns_what_the_command_returns(self):
        show = 'echo "$XENSTORED_PATH" "$PVUSB_TEST_XENSTORED" "$PVUSB_TEST_XENSTORED_PID"; exit 7'
        for kind in KINDS:
            with self.subTest(kind):
                done = run("with", kind, "--", "sh", "-c", show)
                self.assertEqual(done.returncode, 7, done.stderr)
                path, exported, pid = done.stdout.split()
                self.assertEqual(exported, kind)
                self.assertFalse(Path(path).parent.exists())
                self.assertFalse(is_running(pid))
                self.assertEqual(run("with", kind, "--", "true").returncode, 0)

    def test_with_cleans_up_when_interrupted(self):
        for kind in KINDS:
            with self.subTest(kind):
                show = 'echo "$XENSTORED_PATH" "$PVUSB_TEST_XENSTORED_PID"; exec sleep 100'
                command = [SCRIPT, "with", kind, "--", "sh", "-c", show]
                # A job in a shell's background ignores ^C, and so would all that it starts.
                with subprocess.Popen(
                        ["env", "--default-signal=INT", *command], text=True,
                        stdout=subprocess.PIPE, start_new_session=True) as process:
                    path, pid = process.stdout.readline().split()
                    os.killpg(process.pid, signal.SIGINT)
                    self.assertEqual(process.wait(LIMIT), 130)
                self.assertFalse(Path(path).parent.exists())
                self.assertFalse(is_running(pid))

    def test_wrong_usage(self):
        for arguments in (
                (), ("begin",), ("start", "c"), ("start", "d", "/tmp/x"), ("with", "c", "true"),
                ("with", "c", "--"), ("stop",), ("ls", "/tmp/x", "y"), ("client", "/tmp/x")):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments).returncode, 2)


if __name__ == "__main__":
    unittest.main()
