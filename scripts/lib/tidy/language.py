"""Rules about Swift code: sizes, and the parts of the language that this project leaves out."""

import re

from swifttext import closing

FUNCTION_MAX = 70
FILE_MAX = 400
SIZED = ("Sources", "Tests", "scripts", ".ci")

# The one lock of our own, over pthread: what it guards the compiler can't see.
OWN_LOCK = "Sources/PVUSB/ThreadExecutor.swift"
BAN = [
    ("force", re.compile(r"\btry!"), "`try!` traps; throw or handle"),
    ("force", re.compile(r"\bas!"), "`as!` traps; use `as?` and an early exit"),
    ("force", re.compile(r"[\w)\]`?](?<!\btry)(?<!\bas)!(?=[.\s),\]:;}(\[]|$)"),
     "`!` traps; unwrap with an early exit"),
    ("trap", re.compile(r"\bfatalError\s*\("), "`fatalError` kills the process; throw"),
    ("time", re.compile(r"\bTask\s*(?:<[^>]*>)?\s*\.\s*sleep\b"),
     "time comes through the Clock seam"),
    ("task", re.compile(r"\bTask\s*\.\s*detached\b"), "a detached task belongs to nobody"),
    ("sendable", re.compile(r"@unchecked\s+Sendable\b"), "let the compiler check it"),
    ("sendable", re.compile(r"\bnonisolated\s*\(\s*unsafe\s*\)"), "let the compiler check it"),
    ("lock", re.compile(r"\bMutex\s*[<(]"),
     "`Mutex` makes ThreadSanitizer report correct code; use an actor or a pthread mutex"),
]
PRINT = re.compile(r"(?<![\w.])(?<!func )(?:print|debugPrint|dump)\s*\(")
PRINTERS = re.compile(r"^Sources/PVUSBCommands/Output[^/]*\.swift$")
FOUNDATION = re.compile(r"^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:\w+\s+)?Foundation\b")
SLEEP = re.compile(
    r"\bTask\s*(?:<[^>]*>)?\s*\.\s*sleep\b|\bThread\.sleep\b|\b(?:u|nano)?sleep\s*\(")

FUNCTION = re.compile(
    r"\b(?:func\b|(?<!\.)init\b(?=[?!]?\s*[(<])|subscript\b(?=\s*[(<])|deinit\b)")
NO_BODY = re.compile(
    r"\s*(?:$|[@#}]|(?:public|package|internal|private|fileprivate|static|class|mutating|"
    r"nonmutating|nonisolated|override|final|func|init|var|let|subscript|associatedtype|typealias|"
    r"struct|enum|actor|protocol|extension|case|deinit|consuming|borrowing|isolated)\b)")


def check(root, files):
    """Findings about sizes and about what the language rules leave out."""
    findings = []
    for file in files:
        if file.top in SIZED:
            findings += _size(file)
        if file.is_swift and file.top == "Sources":
            findings += _bans(file)
        if file.is_swift and file.top == "Tests":
            findings += _sleeps(file)
    return findings


def _size(file):
    findings = []
    written = file.is_swift or file.is_script or file.path.endswith((".py", ".sh", ".h"))
    if written and file.line_count > FILE_MAX:
        findings.append(file.finding(
            FILE_MAX + 1, "size", f"{file.line_count} lines in a file, at most {FILE_MAX}"))
    if not file.is_swift:
        return findings
    for first, last in functions(file):
        if last - first + 1 > FUNCTION_MAX:
            findings.append(file.finding(
                first, "size", f"{last - first + 1} lines in a function, at most {FUNCTION_MAX}"))
    return findings


def functions(file):
    """First and last line of every function, initializer, subscript and deinit with a body."""
    for found in FUNCTION.finditer(file.code):
        body = _body(file.code, found)
        if body is not None:
            yield file.lines.at(found.start()), file.lines.at(closing(file.code, body))


def _body(code, found):
    position = found.end()
    if not found.group().startswith("deinit"):
        opener = code.find("(", position)
        if opener < 0:
            return None
        position = closing(code, opener) + 1
    while position < len(code):
        character = code[position]
        if character == "{":
            return position
        if character == "}":
            return None
        if character in "([":
            position = closing(code, position)
        elif character == "\n":
            line_end = code.find("\n", position + 1)
            line = code[position + 1 : line_end if line_end >= 0 else len(code)]
            if NO_BODY.match(line):
                return None
        position += 1
    return None


def _bans(file):
    findings = []
    may_print = PRINTERS.match(file.path)
    for number, line in enumerate(file.code_lines, 1):
        for rule, pattern, message in BAN:
            if rule == "sendable" and file.path == OWN_LOCK:
                continue
            if pattern.search(line):
                findings.append(file.finding(number, rule, message))
        if not may_print and PRINT.search(line):
            findings.append(file.finding(number, "print", "output goes through one writer"))
        if FOUNDATION.match(line):
            findings.append(file.finding(
                number, "foundation", "full Foundation costs 52 MB; use FoundationEssentials"))
    return findings


def _sleeps(file):
    return [
        file.finding(number, "sleep", "a test waits for an event, never for time")
        for number, line in enumerate(file.code_lines, 1)
        if SLEEP.search(line)
    ]
