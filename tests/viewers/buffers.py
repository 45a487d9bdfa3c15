"""A trace.dat, read by trace-cmd: every event of the NDJSON trace of the same run is there once, on its CPU, in its order, at its
nanosecond; and of a run that is interrupted, the file is whole.

    python3 buffers.py APICSIM FOLDER
"""

import json
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

program, folder = sys.argv[1:]

# What a kernel traces by name: vectors of Linux 2.6 on i386, and of today's on x86-64 (asm/irq_vectors.h).
I386 = {"FC": "reschedule", "FB": "call_function"}
TODAY = {"FD": "reschedule", "FC": "call_function", "FB": "call_function_single", "F6": "irq_work"}
LINE = re.compile(r"^ *(?P<task>.+)-(?P<pid>\d+) +\[(?P<cpu>\d+)\] +(?:[^ ]+ +)?(?P<s>\d+)\.(?P<ns>\d{9}): (?P<event>\w+): +(?P<said>.*)$")


def report(path, *options):
    command = ["trace-cmd", "report", "-t", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "[FAILED TO PARSE]" not in done.stdout and not re.search("error|warning", done.stderr, re.I), done.stderr
    found = []
    for line in done.stdout.splitlines():
        if match := LINE.match(line):
            found.append((int(match["cpu"]), int(match["s"]) * 10**9 + int(match["ns"]), match["event"], match["said"]))
        else:
            assert re.match(r"cpus=\d+$|CPU \d+ is empty$", line), line
    return found


def numbers(path):
    """The place in the stream of each event, which orders what has one instant on two CPUs."""
    raw = subprocess.run(["trace-cmd", "report", "-R", str(path)], capture_output=True, text=True, check=True).stdout
    return sorted(int(number, 0) for number in re.findall(r" number=(\w+)", raw))


def said(event, vectors):
    """What trace-cmd prints of an event of the NDJSON trace, and the kind where it is a kernel's."""
    what = event["what"]
    if what == "returns from its NMI handler":
        return r"nmi_handler delta_ns: \d+ handled: 1", "nmi_handler"
    moved = re.fullmatch(r"(enters|returns from) the handler of (..)", what)
    if moved and moved[2] in vectors:
        way = "entry" if moved[1] == "enters" else "exit"
        return f"vector={int(moved[2], 16)}", f"{vectors[moved[2]]}_{way}"
    site = f"  [{event['at']}]" if event["at"] and not what.startswith("enters") else ""
    return re.escape(what + site), None


def compare(name, path, lines, vectors=I386):
    head, *events = [json.loads(line, parse_float=Decimal) for line in lines]
    end = events.pop()
    assert end["end"] and end["events"] == len(events), name
    shown = report(path)
    assert len(shown) == len(events), (name, len(shown), len(events))
    assert all(one[1] <= next[1] for one, next in zip(shown, shown[1:])), name
    kernels = []
    for cpu in range(head["cpus"] + 1):
        here = [event for event in events if (head["cpus"] if event["cpu"] is None else event["cpu"]) == cpu]
        there = [line for line in shown if line[0] == cpu]
        assert len(here) == len(there), (name, cpu, len(here), len(there))
        for event, (_, ns, kind, words) in zip(here, there):
            expected, name_of_kernel = said(event, vectors)
            assert re.fullmatch(expected, words.rstrip()), (name, cpu, event, kind, words)
            assert name_of_kernel in (None, kind), (name, event, kind)
            kernels += [kind] if name_of_kernel else []
            assert ns == max(1, int(event["told_us"] * 1000)), (name, event, ns)  # KernelShark takes 0 for no instant
    return len(events), kernels, shown


def both(name, *options):
    """The same run twice: it is the same."""
    paths = [Path(folder) / f"{name}.{extension}" for extension in ("dat", "ndjson")]
    for path in paths:
        subprocess.run([program, "run", name, *options, "--trace", str(path)], stdout=subprocess.DEVNULL)
    return paths[0], paths[1].read_text().splitlines()


seen = set()
for name, options, vectors in [
    ("nmi-stall", [], I386),
    ("kdump", ["--arch", "i386/numaq"], I386),
    ("backtrace", [], I386),
    ("lost-call", ["--arch", "modern/x2apic-cluster"], TODAY),
]:
    path, lines = both(name, *options)
    count, kernels, shown = compare(name, path, lines, vectors)
    wanted = [line for line in shown if line[2] == "write"]
    assert wanted and report(path, "-F", "lapic/write") == wanted, name
    assert numbers(path) == list(range(count)), name
    seen.update(kernels)
    print(f"trace-cmd: {name}: {count} events, {len(kernels)} of them a kernel's own")
assert {"call_function_entry", "call_function_exit", "call_function_single_entry", "nmi_handler"} <= seen, seen

# longer than a page a buffer, and gaps of more than 2^27 ns, which need an extended time
scenario = Path(folder) / "endless.toml"
scenario.write_text(
    'format = 1\nname = "endless"\nstory = "Many sends."\ngoal = "senders-return"\nlimit_us = 10_000_000_000\n'
    "[machine]\ncpus = 4\n[[event]]\nat_us = 900_000_000\ncpu = 0\nrole = \"send-sequence\"\n"
    'vector = "reschedule"\ntargets = [1, 2, 3]\nrepeat = REPEAT\n'.replace("REPEAT", "1000")
)
path = Path(folder) / "long.dat"
lines = Path(folder) / "long.ndjson"
for trace in (path, lines):
    subprocess.run([program, "run", str(scenario), "--trace", str(trace)], stdout=subprocess.DEVNULL)
count, kernels, shown = compare("long", path, lines.read_text().splitlines())
assert {"reschedule_entry", "reschedule_exit"} <= set(kernels), set(kernels)
assert max(next[1] - one[1] for one, next in zip(shown, shown[1:])) > 1 << 27
print(f"trace-cmd: long: {count} events, {path.stat().st_size} bytes")

# interrupted: what is in the file is the beginning of the run, to the last event; nothing of the spool stays
scenario.write_text(scenario.read_text().replace("repeat = 1000", "repeat = 1_000_000"))
path = Path(folder) / "interrupted.dat"
run = subprocess.Popen([program, "run", str(scenario), "--trace", str(path), "--waits", "all"], stdout=subprocess.PIPE, text=True)
seen = 0
while seen < 2000:  # pages of every buffer are in the spool by then
    line = run.stdout.readline()
    assert line, "it ended too soon"
    seen += "idle after" in line
run.send_signal(signal.SIGINT)
run.stdout.read()
assert run.wait() == 130, run.returncode
count = len(report(path))
assert numbers(path) == list(range(count)) and count > 10_000, count
subprocess.run([program, "run", str(scenario), "--max-events", str(count), "--trace", str(lines)], stdout=subprocess.DEVNULL)
head, *events = lines.read_text().splitlines()
assert len(events) > count
compare("interrupted", path, [head, *events[:count], json.dumps({"end": True, "events": count})])
assert not list(Path(folder).glob("*.spool*"))
print(f"trace-cmd: interrupted: {count} events, none missing")
