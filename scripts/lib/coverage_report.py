"""Reads the line coverage of llvm-cov's lcov export and sums it, a module each."""


def by_file(export, root):
    """How often each line of each file under `root`/Sources ran: {path below Sources: {line: n}}.

    A line counts once, however many closures begin on it, and whichever program ran it.
    """
    prefix = f"SF:{root}/Sources/"
    files, lines = {}, None
    for row in export.splitlines():
        if row.startswith("SF:"):
            is_ours = row.startswith(prefix)
            lines = files.setdefault(row[len(prefix) :], {}) if is_ours else None
        elif lines is not None and row.startswith("DA:"):
            line, count = row[3:].split(",")[:2]
            lines[int(line)] = lines.get(int(line), 0) + int(count)
    return files


def by_module(files):
    """Lines and covered lines of each module."""
    totals = {}
    for path, lines in files.items():
        count, covered = totals.get(path.split("/")[0], (0, 0))
        ran = sum(1 for times in lines.values() if times)
        totals[path.split("/")[0]] = (count + len(lines), covered + ran)
    return totals


def uncovered(files):
    """The lines that never ran, `PATH:FIRST-LAST` or `PATH:LINE` each range, sorted.

    Lines without code, such as comments, do not part a range.
    """
    found = []
    for path, lines in sorted(files.items()):
        ranges, last = [], None
        for line in sorted(lines):
            if lines[line]:
                last = None
            elif last is None:
                ranges.append((line, line))
                last = line
            else:
                ranges[-1] = (ranges[-1][0], line)
        found += [f"{path}:{a}-{b}" if b > a else f"{path}:{a}" for a, b in ranges]
    return found


def percent(lines):
    """Covered lines in a hundred, rounded down to one digit so that a floor is a floor."""
    count, covered = lines
    return covered * 1000 // count / 10 if count else 0.0


def is_below(lines, least):
    """Whether a module's lines are under its floor; lines that were not measured are under each
    but 0, and None is no floor."""
    return bool(least) and (lines is None or percent(lines) < least)


def floor(text):
    """A floor from `MODULE=PERCENT`, or from `PERCENT` for the module ""; ValueError if neither."""
    module, sign, number = text.rpartition("=")
    least = float(number)
    if bool(module) != bool(sign) or not 0 <= least <= 100:
        raise ValueError(text)
    return module, least
