"""The rule about what the documents rest on: the tests they name and the Swift they show exist.

A document names tests as `Suite`: *name*, *another name*. A name is that of a test of the suite, or
the title of a row of a table in the suite's target. An ellipsis stands for any words.
"""

import re
from dataclasses import dataclass, field

from swifttext import closing

MENTION = re.compile(r"`(\w+Tests)`")
NAME = re.compile(r"\*(?! )([^*]+)\*")
ITEM = re.compile(r"(?:[*-]|\d+\.) ")
BODY = re.compile(r"\b(?:struct|class|actor|enum|extension)\s+(\w+Tests)\b[^{]*")
TEST = re.compile(r"\bfunc\s+`([^`]+)`")
TITLE = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
FENCE = "```"


@dataclass
class Suite:
    """The names by which a document may name a suite's tests."""

    tests: set = field(default_factory=set)
    titles: set = field(default_factory=set)

    def has(self, name):
        """Tells whether a test or a row has the name, or one that fits it."""
        if "…" not in name:
            return name in self.tests or name in self.titles
        words = re.compile(".+".join(re.escape(part.strip()) for part in name.split("…")))
        return any(words.fullmatch(known) for known in self.tests | self.titles)


def check(root, files):
    """Findings about tests and snippets in documents that are not in Tests."""
    tests = [f for f in files if f.is_swift and f.top == "Tests"]
    documents = [f for f in files if f.top == "docs" and f.path.endswith(".md")]
    suites, code = read_suites(tests), [_stripped(f.raw) for f in tests]
    findings = []
    for document in documents:
        findings += _tests(document, suites) + _snippets(document, code)
    return findings


def read_suites(files):
    """The suites in test files, by name; two targets may have suites of one name."""
    suites, titles = {}, {}
    for file in files:
        target = file.path.split("/")[1]
        titles.setdefault(target, set()).update(TITLE.findall(file.text))
    for file in files:
        for found in BODY.finditer(file.code):
            opener = file.code.find("{", found.start())
            if opener < 0:
                continue
            suite = suites.setdefault(found.group(1), Suite())
            suite.tests.update(_tests_between(file, opener, closing(file.code, opener)))
            suite.titles.update(titles[file.path.split("/")[1]])
    return suites


def _tests_between(file, first, last):
    """The names of tests in a body, which the code has blanked; not those in its comments."""
    found = TEST.finditer(file.text, first, last)
    return [test.group(1) for test in found if file.code.startswith("func", test.start())]


def mentions(document):
    """Each suite that a document names: the line, the suite, and its tests' names."""
    for number, text in _blocks(document.raw):
        found = list(MENTION.finditer(text))
        ends = [mention.start() for mention in found[1:]] + [len(text)]
        for mention, end in zip(found, ends):
            rest = text[mention.end() : end].split("|")[0]
            line = number + text.count("\n", 0, mention.start())
            names = NAME.findall(rest) if rest.startswith(":") else []
            yield line, mention.group(1), [" ".join(name.split()) for name in names]


def _blocks(lines):
    """Paragraphs, items of lists and rows of tables, each with the number of its first line."""
    first, block, is_code = 1, [], False
    for number, line in enumerate([*lines, ""], 1):
        is_fence = line.startswith(FENCE)
        is_new = is_fence or not line.strip() or line.startswith("|") or ITEM.match(line)
        if block and is_new:
            yield first, "\n".join(block)
            block = []
        is_code ^= is_fence
        if is_code or is_fence or not line.strip():
            continue
        first = first if block else number
        block.append(line)


def _tests(document, suites):
    findings = []
    for line, name, tests in mentions(document):
        suite = suites.get(name)
        if not suite:
            findings.append(document.finding(line, "proof", f"there is no suite {name}"))
            continue
        findings += [
            document.finding(line, "proof", f"{name} has no test '{test}'")
            for test in tests
            if not suite.has(test)
        ]
    return findings


def _snippets(document, code):
    """Every block of Swift stands in a test, but for its indentation."""
    findings = []
    for line, snippet in snippets(document):
        wanted = _stripped(snippet)
        if not any(wanted in text for text in code):
            findings.append(document.finding(line, "proof", "no test has this Swift"))
    return findings


def snippets(document):
    """The blocks of Swift of a document: the line of the fence, and the lines between."""
    first, block = 0, []
    for number, line in enumerate(document.raw, 1):
        if not first and line == f"{FENCE}swift":
            first, block = number, []
        elif first and line.startswith(FENCE):
            yield first, block
            first = 0
        elif first:
            block.append(line)


def _stripped(lines):
    return "\n" + "\n".join(line.strip() for line in lines if line.strip()) + "\n"
