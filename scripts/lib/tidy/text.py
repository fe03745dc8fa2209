"""Rules about any text of the repository: open ends, foreign places, scripts' headers."""

import re

# The patterns are written so that they do not match themselves.
OPEN_END = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
PLACES = [
    (re.compile(r"(?<![\w.~-])/wor[k]/"), "a path of one machine"),
    (re.compile(r"(?<![\w./-])(?:\.\./|\./)*share[d]/"), "a path outside the repository"),
    (re.compile(r"\b(?:registr[y]\.\w|pyp[i]\.org|crate[s]\.io|prox[y]\.golang\.org|"
                r"npm[j]s\.(?:org|com)|packagecollectio[n]s\.)"), "a package registry"),
]
HEADER = ("#", '"""', "'''")


def check(root, files):
    """Findings in the text of all files."""
    return [finding for file in files for finding in _words(file) + _script(file)]


def _words(file):
    findings = []
    if OPEN_END.search(file.text):
        findings += [
            file.finding(number, "open end", "finish it or leave it out")
            for number, line in enumerate(file.raw, 1)
            if OPEN_END.search(line)
        ]
    for pattern, message in PLACES:
        if not pattern.search(file.text):
            continue
        findings += [
            file.finding(number, "place", message)
            for number, line in enumerate(file.raw, 1)
            if pattern.search(line)
        ]
    return findings


def _script(file):
    if not file.is_script:
        if file.path.endswith(".sh"):
            return [file.finding(1, "script", "no `#!` line")]
        return []
    findings = []
    if not file.is_executable:
        findings.append(file.finding(1, "script", "not executable"))
    second = file.raw[1].strip() if len(file.raw) > 1 else ""
    if not second.startswith(HEADER) or len(second.strip("#\"' ")) < 10:
        findings.append(file.finding(2, "script", "no header comment: what it is, how to call it"))
    return findings
