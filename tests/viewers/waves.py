"""A dump of waves, read by a program that knows nothing of this one: every wave is there, and ends as the story does.

    python3 waves.py APICSIM FOLDER
"""

import subprocess
import sys
from pathlib import Path

from vcdvcd import VCDVCD

program, folder = sys.argv[1:]
path = Path(folder) / "nmi-stall.vcd"
status = subprocess.run([program, "run", "nmi-stall", "--trace", str(path)], stdout=subprocess.DEVNULL).returncode
assert status == 0, status
dump = VCDVCD(str(path))
waves = ["icr_busy", "interrupt_flag", "nmi_latched", "halted", "handlers", "irr_highest", "isr_highest", "tpr"]


def wave(cpu, name):
    found = [signal for signal in dump.signals if f"cpu{cpu}.{name}" in signal]
    assert len(found) == 1, (cpu, name, dump.signals)
    return dump[found[0]].tv


assert len(dump.signals) == 4 * len(waves), dump.signals
# docs/stories.md: CPU 0's ICR stays busy for ever; CPU 2 keeps FB and FD, interrupts off, in its NMI handler
assert wave(0, "icr_busy")[-1] == (40_210_000, "1"), wave(0, "icr_busy")
assert int(wave(2, "irr_highest")[-1][1], 2) == 0xFD, wave(2, "irr_highest")
assert wave(2, "interrupt_flag")[-1] == (5_050_000, "0"), wave(2, "interrupt_flag")
assert wave(2, "handlers")[-1][1] == "1", wave(2, "handlers")
print(f"vcdvcd: {len(dump.signals)} waves, {sum(len(dump[signal].tv) for signal in dump.signals)} values")
