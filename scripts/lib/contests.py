"""Another tool writes port nodes while pvusb attaches: nothing goes unnoticed."""

import rivals
from lane import (
    BUSY, DEVICE, ROUNDS, Lane, add_controllers, command, expect, expect_same, rival, truth)

OTHER = "1-3.2"
# Each moment at least once.
RIVAL_ROUNDS = max(len(rivals.MOMENTS), ROUNDS // 3)


def overwrite(store, path, value):
    """Writes a node; how far our attach was at this very moment."""
    store.write(path, value)
    return store.read(f"{rivals.RECORD}/goal")


def race_with_rival(lane, index, path, values, timeout):
    """An attach, and another tool that writes a port node at some moment of it; what was seen."""
    moment, longer = lane.moment(index, rivals.MOMENTS)

    def write(store):
        rivals.wait(lane.stage, store, moment, longer)
        print(store.transaction(lambda: overwrite(store, path, values[0])))
        for value in values[1:]:
            store.write(path, value)

    runs = lane.race(
        0, command(lane.stage, "attach", "pv1", DEVICE, "--timeout", timeout),
        rival(lane.stage, write))
    expect(runs[1].code == 0, moment, *runs)
    return moment, runs[0], runs[1].output.strip()


def contest(stage):
    """Another tool puts our device into a second port: both are shown, one detach is enough."""
    lane = Lane(stage, "another tool gives the device away, too", RIVAL_ROUNDS)
    home, before = stage.drivers(DEVICE), stage.listing()
    ours, theirs = rivals.port(1, 0, 1), rivals.port(3, 0, 1)
    for index in range(lane.rounds):
        moment, attach, goal = race_with_rival(lane, index, theirs, [DEVICE], "2")
        state, ports = truth(stage, DEVICE), rivals.holders(stage.store, DEVICE)
        # Nobody can tell of a write that comes after the last look.
        expect(attach.code or goal == "attached", "nothing was noticed", moment, goal, attach)
        if ports == [theirs]:
            expect(state == "assigned-uncaptured", moment, state, attach)
        else:
            expect((state, ports) == ("contested", [ours, theirs]), moment, ports, attach)
            expect(attach.code in (0, BUSY), moment, goal, attach)
            settle_contest(stage, [ours, theirs], with_place=index % 2)
        stage.must("detach", DEVICE)
        expect(stage.drivers(DEVICE) == home, moment, attach)
        add_controllers(stage)
        expect_same(stage, before, moment, attach)
    lane.report()


def settle_contest(stage, ports, with_place):
    """One detach takes one of two ports; what the other port holds stays where it is."""
    drivers = stage.drivers(DEVICE)
    if with_place:
        # usbback has it for our port: nothing is to be unbound.
        steps = stage.must("detach", "win10", "0:1", "--verbose")
        expect("bind" not in steps, steps)
        expect(stage.drivers(DEVICE) == drivers, "drivers are", stage.drivers(DEVICE))
        expect(truth(stage, DEVICE) == "assigned", stage.state(DEVICE))
    else:
        ended = stage.run("detach", DEVICE)
        expect(truth(stage, DEVICE) == "assigned-uncaptured", ended)
    left = [ports[0] if with_place else ports[1]]
    expect(rivals.holders(stage.store, DEVICE) == left, "the ports", left)


def overwriting(stage):
    """Another tool writes its device over ours: never unnoticed, and always recovered from."""
    lane = Lane(stage, "another tool writes our port, or clears it, too", RIVAL_ROUNDS)
    homes, before = [stage.drivers(device) for device in (DEVICE, OTHER)], stage.listing()
    for index in range(lane.rounds):
        # At every moment one of the two, the next time the other.
        values = [OTHER, ""] if (index + index // len(rivals.MOMENTS)) % 2 else [OTHER]
        moment, attach, goal = race_with_rival(lane, index, rivals.port(1, 0, 1), values, "1")
        state = truth(stage, DEVICE, OTHER)
        is_told = attach.code or state == "assigned" or goal == "attached"
        expect(is_told, "nothing was noticed", moment, goal, state, attach)
        recovery = stage.run("recover")
        expect(recovery[0] == 0, moment, attach, recovery)
        expect(truth(stage, DEVICE, OTHER) in ("host", "assigned"), moment, attach, recovery)
        expect(stage.must("recover") == "nothing to do\n", "it is not done", moment, attach)
        stage.must("detach", DEVICE)
        for device, home in zip((DEVICE, OTHER), homes):
            expect(stage.drivers(device) == home, device, moment, attach, recovery)
        add_controllers(stage)
        expect_same(stage, before, moment, attach, recovery)
    lane.report()
