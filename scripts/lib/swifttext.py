"""Reading Swift as text: blanks what is not code, matches brackets, counts lines.

No parser: enough of the language's lexical rules that a rule about code never fires on a string,
a comment or a raw identifier.
"""

import re
from bisect import bisect_right

OPENER = re.compile(r'//|/\*|#*"""|#*"|`|#+/')
PAIRS = {"(": ")", "[": "]", "{": "}"}


def blank(text):
    """Replaces the insides of comments, strings and backticks by spaces; offsets stay."""
    out, position = [], 0
    while True:
        found = OPENER.search(text, position)
        if not found:
            out.append(text[position:])
            return "".join(out)
        out.append(text[position : found.start()])
        end, keep = _end_of(text, found)
        out.append(_spaces(text[found.start() : end], keep))
        position = end


def _end_of(text, found):
    """Where the token that starts here ends, and how many of its edge characters stay."""
    opener, start = found.group(), found.start()
    if opener == "//":
        return _find(text, "\n", start), 0
    if opener == "/*":
        return _end_of_comment(text, start), 0
    if opener == "`":
        return _find(text, "`", start + 1) + 1, 1
    if opener.endswith("/"):
        return _find(text, "/" + "#" * (len(opener) - 1), start + len(opener)) + len(opener), 1
    return _end_of_string(text, start, opener), 1


def _find(text, word, start):
    index = text.find(word, start)
    return len(text) if index < 0 else index


def _spaces(text, keep):
    inner = re.sub(r"[^\n]", " ", text)
    if keep == 0 or len(text) < 2:
        return inner
    return text[0] + inner[1:-1] + text[-1]


def _end_of_comment(text, start):
    depth, position = 0, start
    for token in re.compile(r"/\*|\*/").finditer(text, position):
        depth += 1 if token.group() == "/*" else -1
        if depth == 0:
            return token.end()
    return len(text)


def _end_of_string(text, start, opener):
    hashes = "#" * opener.count("#")
    quotes = opener[len(hashes) :]
    closer, escape = quotes + hashes, "\\" + hashes
    position = start + len(opener)
    while position < len(text):
        if text.startswith(escape, position):
            position += len(escape)
            if text.startswith("(", position):
                position = _end_of_interpolation(text, position)
            else:
                position += 1
        elif text.startswith(closer, position):
            return position + len(closer)
        elif text[position] == "\n" and quotes == '"':
            return position
        else:
            position += 1
    return len(text)


def _end_of_interpolation(text, start):
    depth, position = 0, start
    while position < len(text):
        found = OPENER.match(text, position)
        if found:
            position, _ = _end_of(text, found)
            continue
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
        if depth == 0:
            return position
    return len(text)


def closing(code, start):
    """The index of the bracket that closes the one at `start`, or the text's length."""
    opener, closer, depth = code[start], PAIRS[code[start]], 0
    for found in re.compile("[" + re.escape(opener + closer) + "]").finditer(code, start):
        depth += 1 if found.group() == opener else -1
        if depth == 0:
            return found.start()
    return len(code)


class Lines:
    """Offsets to line numbers, which count from 1."""

    def __init__(self, text):
        self.starts = [0] + [found.end() for found in re.finditer("\n", text)]

    def at(self, offset):
        """The number of the line that holds an offset."""
        return bisect_right(self.starts, offset)
