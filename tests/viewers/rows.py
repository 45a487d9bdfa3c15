"""The SQL of docs/campaign.md over a result, by DuckDB: what it says must be what `campaign report --json` says.

rows.py PROGRAM FOLDER PAGE: the folder has waits.ndjson, and the page the SQL.
"""

import json
import math
import os
import re
import subprocess
import sys

import duckdb

program, folder, page = sys.argv[1], sys.argv[2], sys.argv[3]
blocks = re.findall(r"```sql\n(.*?)```", open(page, encoding="utf-8").read(), re.S)
assert len(blocks) == 5, len(blocks)
os.chdir(folder)
report = json.loads(subprocess.check_output([program, "campaign", "report", "waits.ndjson", "--json"]))
hang, percentiles, rare, copy, parquet = blocks


def rows(sql):
    return duckdb.sql(sql).fetchall()


def summed():
    """Of all machines that are called the same on these keys."""
    found = {}
    for machine in report["machines"]:
        key = tuple(machine[name] for name in ("scenario", "arch", "variant"))
        runs, hung = found.get(key, (0, 0))
        found[key] = (runs + machine["runs"], hung + machine["hung"])
    return found


found = {row[:3]: row[3:] for row in rows(hang)}
assert found == summed() and any(hung for _, hung in found.values()), found

found = {row[:5]: row[5] for row in rows(percentiles)}
assert len(found) == len(report["machines"])
for machine in report["machines"]:
    key = tuple(machine[name] for name in ("scenario", "arch", "variant", "load", "fault"))
    for right, us in zip((machine[name] for name in ("p50_us", "p99_us", "p999_us")), found[key]):
        # A percentile of a report is at most a thousandth too high.
        same = math.isinf(us) if right is None else us <= float(right) <= us * 1.001 + 1e-6
        assert same, (key, right, us)

reached = {one["what"]: (one["runs"], one["token"]) for one in report["reached"]}
found = rows(rare)
assert len(found) == 10 and all(reached[name] == (runs, token) for name, runs, token in found), found
assert found[0][1] == min(runs for runs, _ in reached.values())

duckdb.sql(copy)
assert os.path.getsize("waits.parquet") > 0
assert rows(parquet) == [(report["rows"], 0, report["rows"] - 1)]
print(f"DuckDB {duckdb.__version__}: {len(blocks)} statements over {report['rows']} rows say what the report says")
