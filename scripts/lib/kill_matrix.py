"""The work of scripts/kill-matrix, which says how to use it."""

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path

from kill_grounds import grounds
from kill_scenes import SCENES
from kill_trials import Trial
from killing import EFFECTS, LAST, Killer
from stage import Failure

ROW = "{:11}{:18}{:20}{:>6}{:>8}{:>7}{:>8}{:>6}{:>6}{:>7}{:>5}{:>8}"
HEAD = ROW.format(
    "STORE", "COMMAND", "VARIANT", "CALLS", "EFFECTS", "KILLS", "NOTHING", "HALF", "DONE",
    "STATES", "BAD", "TIME")


def sample(options, calls):
    """The numbers of the calls to be killed at, among all and among those with an effect."""
    some = slice(options.offset, None, options.every)
    effects = range(1, 1 + sum(call in EFFECTS for call in calls))
    every = count(1) if options.every == 1 else range(1, 1 + len(calls))[some]
    return () if options.effects else every, effects[some]


def work(options, directory, job):
    """Tries one scene on one kind of store; the row of the table, the sums and what is bad."""
    store, index = job
    scene = SCENES[index]
    killer = Killer(directory, build=False)
    is_whole = not options.effects and options.every == 1
    with grounds(Path(directory), killer)[store](f"{store}{index}") as ground:
        trial = Trial(ground, scene)
        try:
            trial.prepare()
            trial.run(*sample(options, trial.calls), LAST if is_whole else ())
        except Failure as failure:
            trial.bad.append(str(failure))
    if is_whole:
        trial.bad += missed(trial)
    return result(store, trial)


def missed(trial):
    """What a trial of all calls should have come by and has not."""
    gaps = [f"no kill between two effects, after numbers {trial.gaps}"] if trial.gaps else []
    return gaps + ([] if trial.died_at.intersection(LAST) else ["no kill at the very end"])


def result(store, trial):
    """The row of a trial, its sums, and what is bad."""
    classes, states = trial.classes, len({left for _, left in trial.tried})
    sums = (classes.total(), classes["nothing"], classes["half"], classes["done"], states,
            len(trial.bad))
    row = ROW.format(
        store, trial.scene.command, trial.scene.variant, len(trial.calls),
        sum(call in EFFECTS for call in trial.calls), *sums,
        f"{time.monotonic() - trial.started:.1f} s")
    name = f"{store}: {trial.scene.command}, {trial.scene.variant}"
    return row, sums, [f"{name}: {sentence}" for sentence in trial.bad]


def heed_the_end():
    """Lets SIGTERM end this process as an error does: servers and players are stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def jobs(options):
    """The scenes that are wanted, each on every store that is wanted."""
    wanted = [
        index for index, scene in enumerate(SCENES)
        if not options.command or scene.command in options.command]
    return [
        (store, index) for store in options.store for index in wanted
        if store == "sandbox" or not SCENES[index].is_sandbox_only]


def main(options):
    """Runs all jobs and prints the table; how many things are bad."""
    started, sums = time.monotonic(), [0] * 6
    heed_the_end()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as directory:
        Killer(directory)
        with multiprocessing.Pool(options.parallel, heed_the_end) as pool:
            todo = partial(work, options, directory)
            for row, added, problems in pool.imap(todo, jobs(options)):
                print(row, flush=True)
                sums = [one + other for one, other in zip(sums, added)]
                for problem in problems:
                    print(f"BAD {problem}", flush=True)
    print(
        "kills {}, nothing done {}, half done {}, done {}, states tried {}, bad {}".format(*sums)
        + f", {time.monotonic() - started:.0f} s")
    return sums[-1]


def read_options():
    """The options, as scripts/kill-matrix explains them."""
    parser = argparse.ArgumentParser(prog="kill-matrix", add_help=False)
    stores = ["sandbox", "c", "oxenstored"]
    commands = sorted({scene.command for scene in SCENES})
    parser.add_argument("--store", action="append", choices=stores)
    parser.add_argument("--command", action="append", choices=commands)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--effects", action="store_true")
    parser.add_argument("--parallel", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.every < 1 or not 0 <= options.offset < options.every or options.parallel < 1:
        parser.error("--every is at least 1, --offset less than that, --parallel at least 1")
    options.store = options.store or stores
    return options


if __name__ == "__main__":
    sys.exit(1 if main(read_options()) else 0)
