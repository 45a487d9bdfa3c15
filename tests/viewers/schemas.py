"""Whatever the program writes as JSON, held to its schema in docs/schemas by a validator that knows nothing of this program; and each
document with something wrong in it, which must be refused.

    python3 schemas.py APICSIM FOLDER
"""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

program, folder = sys.argv[1], Path(sys.argv[2])
schemas = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in Path("docs/schemas").glob("*.json")}
for schema in schemas.values():
    Draft202012Validator.check_schema(schema)
validators = {name: Draft202012Validator(schema) for name, schema in schemas.items()}
seen = {name: [] for name in schemas}


def check(name, document, what):
    errors = [f"{what}: {list(error.absolute_path)}: {error.message[:300]}" for error in validators[name].iter_errors(document)]
    assert not errors, "\n".join(errors[:10])
    seen[name].append(document)


def printed(*arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode in (0, 1, 5), (arguments, done.returncode, done.stderr)
    return done.stdout


def document(name, *arguments):
    check(name, json.loads(printed(*arguments)), arguments)


runs = [
    ("nmi-stall",),
    ("nmi-stall", "--arch", "x86_64/flat", "--variant", "merged"),
    ("nmi-stall", "--arch", "modern/x2apic-phys", "--strict", "--host"),
    ("nmi-stall", "--expect", "completed"),
    ("nmi-stall", "--max-events", "50"),
    ("nmi-stall", "--waits", "all"),
    ("nmi-stall", "--waits", "none"),
    ("kdump", "--arch", "i386/numaq"),
    ("panic-stop", "--arch", "modern/xapic-flat", "--variant", "merged"),
    ("smp-boot",),
    ("boot-stuck-cpu",),
    ("lost-call",),
    ("backtrace",),
    ("crossed-senders", "--limit-us", "20"),
]
for run in runs:
    document("run", "run", *run, "--json")
for story in ("nmi-stall", "kdump", "late-retry", "lost-call"):
    document("explain", "explain", story, "--json")
    document("messages", "messages", story, "--json")
for wanted in (("--json",), ("matrix", "kdump", "--json"), ("matrix", "lost-call", "--json", "--host")):
    document("matrix", *wanted)
for story in ("nmi-stall", "crossed-senders"):
    document("measure", "measure", story, "--seeds", "0..3", "--json")
measurement = folder / "schemas-measurement.ndjson"
one = ("measure", "nmi-stall", "--arch", "i386/default", "--variant")
printed(*one, "before", "--seeds", "0..3", "--out", str(measurement))
for line in measurement.read_text(encoding="utf-8").splitlines():
    check("measurement-line", json.loads(line), "a line of a measurement")
document("measure", *one, "merged", "--seeds", "0..3", "--against", str(measurement), "--json")
for call in ("send_IPI_mask", "flush_tlb_others", "nmi_shootdown_cpus"):
    document("accesses", "accesses", "--call", call, "--json")
document("list", "list", "--json")
for kind in schemas["list"]["properties"]:
    if kind != "schema":
        document("list", "list", kind, "--json")
for script in sorted(Path("tests/scripts").glob("*.apic")) + sorted(Path("examples/field").glob("*.apic")):
    document("script", "script", str(script), "--json")

grid = folder / "schemas.toml"
grid.write_text('format = 1\nname = "schemas"\nseeds = "0..2"\n[grid]\nscenario = ["nmi-stall", "normal-dispatch"]\nvariant = ["before", "merged"]\n')
result = folder / "schemas.ndjson"
result.unlink(missing_ok=True)
printed("campaign", str(grid), "--out", str(result))
for line in result.read_text(encoding="utf-8").splitlines():
    check("campaign-line", json.loads(line), "a line of a campaign")
document("campaign-report", "campaign", "report", str(result), "--json")
document("campaign-report", "campaign", "report", str(result), "--against", str(result), "--json")

trace = folder / "schemas-trace.ndjson"
for story in ("nmi-stall", "lost-call"):
    printed("run", story, "--trace", str(trace))
    for line in trace.read_text(encoding="utf-8").splitlines():
        check("trace-line", json.loads(line), "a line of a trace")

page = folder / "schemas.html"
printed("run", "nmi-stall", "--html", str(page))
data = re.search(r'<script type="application/json" id="run-0">(.*?)</script>', page.read_text(encoding="utf-8"), re.S)
check("page", json.loads(data[1]), "a page")


def wrong(value, path=()):
    """Where a document can be made wrong, and what stands there then."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), None  # a field less
            yield from wrong(inner, (*path, key))
        yield (*path, "no_such_field"), 1
    elif isinstance(value, list):
        yield path, {"a": "list"}
        if value:
            yield from wrong(value[0], (*path, 0))
    elif value is not None:
        yield path, [value]


def spoiled(whole, path, value):
    spoiled = copy.deepcopy(whole)
    place = spoiled
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return spoiled


# Fields that need not be there.
optional = {"host", "against", "crash_cpu", "trigger", "reg", "value", "us", "usual", "min", "max", "why", "last_us", "count"}


def may_be(name, path, value):
    """May a document be like that all the same?"""
    if not path:
        return True
    if name == "page":  # readers ignore what they do not know: its parts are all that must be there
        return len(path) > 1 or path[-1] == "no_such_field"
    if value is None:
        return path[-1] in optional or (name == "list" and len(path) == 1) or path[0] in ("totals", "mechanisms")
    return False


refused = 0
for name, documents in seen.items():
    assert documents, f"no document was held to {name}.json"
    for whole in documents[:3] + documents[-1:]:
        for path, value in wrong(whole):
            if not may_be(name, path, value):
                assert not validators[name].is_valid(spoiled(whole, path, value)), f"{name}.json takes {path} = {value}"
                refused += 1
    other = seen["list" if name == "run" else "run"][0]
    assert not validators[name].is_valid(other), f"{name}.json takes another document"
print(f"schemas: {sum(map(len, seen.values()))} documents of {len(schemas)} kinds, {refused} wrong ones refused")
