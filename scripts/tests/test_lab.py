"""What lab/run and its relatives refuse before they do anything, and the form of the kernel's rules."""

import re
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LAB = ROOT / "lab"
SCENARIO = str(LAB / "scenarios" / "plain" / "devices.sh")
STEP = re.compile(
    r"(bind|unbind) \S+ \S+|probe \S+|write \S+ \S+|port \d+( \S+)?|(use|unload|unplug|plug) \S+")


def run(*words):
    return subprocess.run(
        [str(LAB / words[0]), *words[1:]], capture_output=True, text=True, timeout=60)


class Refusals(unittest.TestCase):
    def assert_usage(self, message, *words):
        ended = run(*words)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertEqual(ended.stderr.splitlines()[0], message)
        self.assertIn("usage: lab/", ended.stderr)

    def test_a_lab_has_to_be_named(self):
        for program in ("fetch", "build", "run"):
            self.assert_usage(f"{program}: which lab?", program)
            self.assert_usage(
                f"{program}: the lab is plain or xen, not 'kvm'", program, "kvm")

    def test_a_script_has_to_be_there(self):
        self.assert_usage("run: which script?", "run", "plain")
        self.assert_usage(
            "run: there is no file /nowhere.sh", "run", "plain", "-p", SCENARIO, "/nowhere.sh")
        self.assert_usage("run: there is no file /nowhere", "run", "plain", "-p", "/nowhere", SCENARIO)

    def test_a_directory_of_somebody_else_is_not_emptied(self):
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / "letter").write_text("dear")
            self.assert_usage(
                f"run: {place} holds something that no lab has left there",
                "run", "plain", "-p", SCENARIO, "-o", place, SCENARIO)
            self.assertEqual((Path(place) / "letter").read_text(), "dear")


class KernelRules(unittest.TestCase):
    def test_each_row_is_of_the_form_that_the_readme_tells(self):
        lines = (LAB / "kernel-rules.tsv").read_text().splitlines()
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        for row in rows:
            with self.subTest(row=row[0]):
                self.assertEqual(len(row), 5)
                given = [] if row[1] == "-" else row[1].split("; ")
                for step in [*given, row[2]]:
                    self.assertIsNotNone(STEP.fullmatch(step), step)
                self.assertRegex(row[3], r"^(ok|E[A-Z]+)$")
                self.assertRegex(row[4], r"^(-|\S+=\S+( \S+=\S+)*)$")
        self.assertEqual(len({row[0] for row in rows}), len(rows))


def quoted(data):
    """Bytes as strace -xx shows them."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


def message(payload):
    return struct.pack("<IIII", 2, 0, 0, len(payload)) + payload


class Requests(unittest.TestCase):
    """The count of requests that the lab's speed is measured by."""

    def count(self, *lines):
        with tempfile.NamedTemporaryFile("w", suffix=".trace") as trace:
            trace.write("".join(f"{line}\n" for line in lines))
            trace.flush()
            ended = subprocess.run(
                [sys.executable, str(LAB / "guest" / "requests.py"), trace.name],
                capture_output=True, text=True, timeout=60, check=True)
        return tuple(map(int, ended.stdout.split()))

    def connect(self, number, path):
        return (f"7 connect({number}, {{sa_family=AF_UNIX, sun_path={quoted(path)}}}, 110) = 0")

    def test_messages_are_counted_however_they_are_cut(self):
        data = message(b"/one\0") + message(b"/two\0")
        self.assertEqual(self.count(
            self.connect(3, b"/run/xenstored/socket"),
            f"7 write(3, {quoted(data[:16])}, 16) = 16",
            f"7 write(3, {quoted(data[16:])}, {len(data) - 16}) = {len(data) - 16}",
            f"7 sendmsg(3, {{msg_name=NULL, msg_iov=[{{iov_base={quoted(data[:9])}, iov_len=9}},"
            f" {{iov_base={quoted(data[9:])}, iov_len={len(data) - 9}}}], msg_iovlen=2}}, 0)"
            f" = {len(data)}"), (4, 3))

    def test_what_was_not_taken_is_not_counted(self):
        data = message(b"/one\0")
        self.assertEqual(self.count(
            self.connect(3, b"/run/xenstored/socket"),
            f"7 write(3, {quoted(data * 2)}, {len(data) * 2}) = {len(data)}",
            f"7 write(3, {quoted(data)}, {len(data)}) = -1 EAGAIN (Resource unavailable)"), (1, 1))

    def test_other_files_and_other_sockets_do_not_count(self):
        data = message(b"/one\0")
        line = f"7 write(3, {quoted(data)}, {len(data)}) = {len(data)}"
        self.assertEqual(self.count(line, self.connect(3, b"/dev/log"), line), (0, 0))

    def test_a_second_connection_counts_as_well(self):
        data = message(b"/one\0")
        line = f"7 write(3, {quoted(data)}, {len(data)}) = {len(data)}"
        socket = self.connect(3, b"/run/xenstored/socket")
        self.assertEqual(self.count(socket, line, socket, line), (2, 2))

    def test_a_request_that_is_written_in_two_pieces_is_sent_once(self):
        data = message(b"/one\0")
        self.assertEqual(self.count(
            self.connect(3, b"/run/xenstored/socket"),
            f"7 write(3, {quoted(data[:16])}, 16) = 16",
            f"7 write(3, {quoted(data[16:])}, {len(data) - 16}) = {len(data) - 16}"), (1, 1))


if __name__ == "__main__":
    unittest.main()
