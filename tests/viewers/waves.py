"""A dump of waves, read by a program that knows nothing of this one: every wave is there, ends as the story does, and the data wires
carry the message that docs/serial-bus.md has; and the same after a way through FST and back, by the programs of GTKWave.

    python3 waves.py APICSIM FOLDER
"""

import subprocess
import sys
from pathlib import Path

from vcdvcd import VCDVCD

program, folder = sys.argv[1:]
path = Path(folder) / "nmi-stall.vcd"


def traced(story, path, *arguments):
    command = [program, "run", story, "--trace", str(path), *arguments]
    status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    assert status == (5 if "--max-events" in arguments else 0), (command, status)


traced("nmi-stall", path)
dump = VCDVCD(str(path))
waves = ["icr_busy", "interrupt_flag", "nmi_latched", "halted", "handlers", "irr_highest", "isr_highest", "tpr"]


def wave(scope, name, dump=dump):
    found = [signal for signal in dump.signals if f"{scope}.{name}" in signal]
    assert len(found) == 1, (scope, name, dump.signals)
    return dump[found[0]].tv


assert len(dump.signals) == 4 * len(waves) + 2, dump.signals
# docs/stories.md: CPU 0's ICR stays busy for ever; CPU 2 keeps FB and FD, interrupts off, in its NMI handler
assert wave("cpu0", "icr_busy")[-1] == (40_210_000, "1"), wave("cpu0", "icr_busy")
assert int(wave("cpu2", "irr_highest")[-1][1], 2) == 0xFD, wave("cpu2", "irr_highest")
assert wave("cpu2", "interrupt_flag")[-1] == (5_050_000, "0"), wave("cpu2", "interrupt_flag")
assert wave("cpu2", "handlers")[-1][1] == "1", wave("cpu2", "handlers")

# SDM vol. 3 §10.13, by hand: start, arbitration id 2, logical fixed FC to 04, checksum 14 mod 4, postamble, no damage, retry, idle
CYCLE, BEGINS = 60_000, 40_260_000
MESSAGE = [1, 0, 0, 2, 0, 2, 0, 2, 3, 3, 3, 0, 0, 0, 1, 0, 2, 0, 0, 3, 0]


def at(changes, time):
    """A wave's value at an instant: of the last change up to it."""
    return [value for instant, value in changes if instant <= time][-1]


picd, winner = wave("bus0", "picd"), wave("bus0", "winner")
first = [change for change in picd if change[0] < BEGINS + 21 * CYCLE]
assert [int(at(first, BEGINS + cycle * CYCLE), 2) for cycle in range(21)] == MESSAGE, first
assert at(winner, BEGINS + 4 * CYCLE) == "z" and int(at(winner, BEGINS + 5 * CYCLE), 2) == 0, winner[:10]
# retried every 21 cycles until the last event, 5030.89 us: as often as CPU 0 has won
retries = [instant for instant, value in winner if value != "z" and instant > BEGINS]
assert {later - earlier for earlier, later in zip(retries, retries[1:])} == {21 * CYCLE}, retries[:10]
assert len(retries) == (5_030_890_000 - BEGINS - 5 * CYCLE) // (21 * CYCLE) + 1, len(retries)
print(f"vcdvcd: {len(dump.signals)} waves, {sum(len(dump[signal].tv) for signal in dump.signals)} values")


def values(dump):
    """Scope and name of each wave, with its changes. Two writers write one value in two ways."""
    same = lambda value: value[0] if set(value) in ({"x"}, {"z"}) else int(value, 2)
    named = ((signal.split("[")[0].strip(), dump[signal].tv) for signal in dump.signals)
    return {name: [(time, same(value)) for time, value in changes] for name, changes in named}


fst, back = Path(folder) / "waves.fst", Path(folder) / "back.vcd"
subprocess.run(["vcd2fst", "-v", str(path), "-f", str(fst)], check=True)
subprocess.run(["fst2vcd", "-f", str(fst), "-o", str(back)], check=True)
ours, theirs = values(dump), values(VCDVCD(str(back)))
assert ours == theirs, [name for name in ours if ours[name] != theirs.get(name)]
print(f"fst2vcd: {len(theirs)} waves, {fst.stat().st_size} bytes in place of {path.stat().st_size}")
