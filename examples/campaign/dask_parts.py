import glob, os, subprocess, sys  # dask_parts.py GRID PARTS [SCHEDULER], in a folder that all workers see
from dask.distributed import Client
def part(number, parts, grid):  # a worker that is lost leaves a file behind, so each try has its own
    out = f"part-{number}-{os.uname().nodename}-{os.getpid()}.ndjson"
    subprocess.run(["apicsim", "campaign", grid, "-j", "1", f"--partition=slice:{number}/{parts}", "--out", out], check=True)
if __name__ == "__main__":
    grid, parts, where = sys.argv[1], int(sys.argv[2]), sys.argv[3:] or [None]
    client = Client(*where, **({} if where[0] else {"n_workers": 2, "threads_per_worker": 1}))
    client.gather(client.map(part, range(1, parts + 1), parts=parts, grid=grid, retries=3))
    subprocess.run(["apicsim", "campaign", "merge", *glob.glob("part-*.ndjson"), "--out", "result.ndjson"], check=True)
