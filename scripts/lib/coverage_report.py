"""Sums the line coverage of an llvm-cov export, a module each."""


def by_module(export, root):
    """Lines and covered lines of each module under `root`/Sources."""
    prefix = f"{root}/Sources/"
    totals = {}
    for data in export["data"]:
        for file in data["files"]:
            if not file["filename"].startswith(prefix):
                continue
            module = file["filename"][len(prefix) :].split("/")[0]
            lines = file["summary"]["lines"]
            count, covered = totals.get(module, (0, 0))
            totals[module] = (count + lines["count"], covered + lines["covered"])
    return totals


def percent(lines):
    """Covered lines in a hundred, rounded down to one digit so that a floor is a floor."""
    count, covered = lines
    return covered * 1000 // count / 10 if count else 0.0


def floor(text):
    """A floor from `MODULE=PERCENT`; ValueError if it is none."""
    module, sign, number = text.partition("=")
    least = float(number)
    if not module or not sign or not 0 <= least <= 100:
        raise ValueError(text)
    return module, least
