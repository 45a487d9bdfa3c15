#!/usr/bin/env bash
# How near one campaign on two cores comes to the ceiling: two processes with half the runs each, which share nothing.
#
#   benches/campaign_ratio.sh [ROUNDS [SEEDS]]      5 rounds of 20000 seeds; RATIO=0.95 fails below that
#
# Rounds alternate: two processes, one process with -j 2, and the other way round, so that a host that is busy is as busy for both. The
# ratio is the wall clock of the two processes over that of the one: 1 is the ceiling. Beside it the processor time (user and system) as
# the same ratio, which says whether more is done or only more is waited for; and, where valgrind is, the instructions of both, which
# are the same on a busy host. The bytes of both are compared, too. What decides is the median of the rounds.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
cd "$(dirname "$0")/.."

rounds=${1:-5} seeds=${2:-20000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ -n "${PROGRAM:-}" ] || cargo build --release --locked --quiet
program=$(realpath "${PROGRAM:-${CARGO_TARGET_DIR:-target}/release/apicsim}")

grid() { # seeds, file
  cat > "$2" <<GRID
format = 1
name = "ratio"
seeds = "0..$1"
set = ["knobs.jitter_picclk=20"]
[grid]
scenario = "normal-dispatch"
GRID
}
grid "$seeds" "$folder/grid.toml"

one() { "$program" campaign "$folder/grid.toml" -j 2 --out "$folder/one" 2>/dev/null; }
part() { "$program" campaign "$folder/grid.toml" -j 1 --partition "slice:$1/2" --out "$folder/part-$1" 2>/dev/null; }
two() {
  part 1 &
  part 2
  wait $!
}
# Seconds of wall clock and of processor time.
timed() {
  rm -f "$folder"/one "$folder"/part-*
  local TIMEFORMAT='%R %U %S'
  { time "$1" >/dev/null; } 2>&1 | awk '{ print $1, $2 + $3 }'
}

echo "two cores, $seeds runs of normal-dispatch; load average: $(cut -d' ' -f1-3 /proc/loadavg)"
printf '%-6s %12s %12s %8s %14s\n' round "two, s" "one -j 2, s" ratio "ratio of CPU"
for round in $(seq "$rounds"); do
  if ((round % 2)); then
    both=$(timed two) alone=$(timed one)
  else
    alone=$(timed one) both=$(timed two)
  fi
  echo "$round $both $alone" |
    awk '{ printf "%-6s %12.2f %12.2f %8.3f %14.3f\n", $1, $2, $4, $2 / $4, $3 / $5 }' | tee -a "$folder/rounds"
done
one
two
"$program" campaign merge "$folder"/part-* --out "$folder/merged" 2>/dev/null
cmp "$folder/one" "$folder/merged"
median() { sort -n | awk '{ all[NR] = $1 } END { print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'; }
ratio=$(awk '{ print $4 }' "$folder/rounds" | median)
echo "median ratio $ratio, of processor time $(awk '{ print $5 }' "$folder/rounds" | median); load average: $(cut -d' ' -f1-3 /proc/loadavg)"

if command -v valgrind >/dev/null; then
  grid 400 "$folder/grid.toml"
  rm -f "$folder"/one "$folder"/part-*
  counted() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" campaign "$folder/grid.toml" "$@" 2>&1 | awk '/Collected/ { print $4 }'; }
  alone=$(counted -j 2 --out "$folder/one")
  both=$(($(counted -j 1 --partition slice:1/2 --out "$folder/part-1") + $(counted -j 1 --partition slice:2/2 --out "$folder/part-2")))
  echo "instructions of 400 runs: two processes $both, one with -j 2 $alone, ratio $(awk "BEGIN { printf \"%.3f\", $both / $alone }")"
else
  echo "not run: instructions, which valgrind counts"
fi
if [ -n "${RATIO:-}" ]; then awk "BEGIN { exit !($ratio >= $RATIO) }"; fi
