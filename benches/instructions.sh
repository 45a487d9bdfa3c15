#!/usr/bin/env bash
# What the simulator costs, counted in instructions of the host, and whether that is as little as it has to be.
#
#   benches/instructions.sh                all rows
#   benches/instructions.sh a b i          only these rows
#   benches/instructions.sh --report ...   the same, but a missed "must" is no failure
#
# Why instructions: they are the same on a busy host as on an idle one, so that a figure can decide. Each workload of
# sim/benches/instructions (optimised build, checker on, digest on, one worker, default execution) runs under
# `valgrind --tool=callgrind` twice: with a length N and with 2N. The figure is the difference of the instructions of the
# two whole processes, divided by the difference of the units of work. So start and end of the process cancel out, and
# all that belongs to a unit is in: what the engine does for it, the bus, the checker and the digest.
#
# Rows i, j and k are about growth: what a CPU costs in a machine of n CPUs, less what a machine of one CPU costs. Where a
# machine would need more than LIMIT instructions, its figure is extrapolated from those of the smaller ones, and marked *.
# Row l is the most memory of a native run. Row m is the processor time of native runs: it varies, and decides nothing.
#
# Columns:
#   row, what   as above; the unit is in the text
#   events      records of the event stream for each unit: what a unit is, whatever the engine makes of it
#   figure      instructions a unit, if nothing else is said
#   must, aim   the most that it may be, and the most that it should be
#   reached     aim, must or MISSED; only printed where there is neither
#
# Exit status: 0 if every "must" of the measured rows is reached (or with --report, or without valgrind: then nothing is
# measured, and a loud message says so), 1 if one is missed, 2 if it could not be measured.
set -euo pipefail
shopt -s inherit_errexit # a failure inside $(...) ends the script, too
export LC_ALL=C
cd "$(dirname "$0")/.."

LIMIT=1500000000 # instructions of one run; callgrind does 50 to 200 million a second
PATIENCE=40      # seconds for one native run

ALL_ROWS="a b c d e f g h i j k l m"
REPORT=
ROWS=
for argument in "$@"; do
  case $argument in
  --report) REPORT=yes ;;
  -h | --help)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
    exit 0
    ;;
  [a-m]) ROWS="$ROWS $argument" ;;
  *)
    echo "benches/instructions.sh: no row is called '$argument'; rows are: $ALL_ROWS" >&2
    exit 2
    ;;
  esac
done
ROWS=${ROWS:-$ALL_ROWS}

if ! command -v valgrind >/dev/null; then
  cat <<'LOUD'
********************************************************************************
**  NOTHING WAS MEASURED: valgrind is not installed.                          **
**  Whether the targets of benches/instructions.sh are reached is NOT known.  **
********************************************************************************
LOUD
  exit 0
fi

fail() {
  echo "benches/instructions.sh: $*" >&2
  exit 2
}

# Whatever ends the script before it has its figures is no missed target.
DIRECTORY=$(mktemp -d)
MEASURED=
trap 'rm -rf "$DIRECTORY"; [ -n "$MEASURED" ] || exit 2' EXIT

# Builds a benchmark and gives the path of its program, as Cargo prints it. No package is named: with one alone, what it
# depends on would have other features, and all of it would be built a second time beside `cargo build --release`.
build() { # benchmark
  CARGO_TERM_COLOR=never cargo bench --bench "$1" --no-run --locked 2>"$DIRECTORY/build" ||
    { cat "$DIRECTORY/build" >&2 && fail "$1 does not build"; }
  sed -n 's/^ *Executable .*(\(.*\))$/\1/p' "$DIRECTORY/build"
}

echo "building" >&2
PROGRAM=$(build instructions)
[ -x "$PROGRAM" ] || fail "Cargo does not say where the program is"
case $ROWS in *m*) STALL_RUNS=$(build nmi_stall_runs) ;; esac

calculate() { awk "BEGIN { printf(\"$1\", ($2)) }"; } # format, expression

# Instructions of the whole process that runs a workload. Each run is made once.
instructions() { # workload, length
  local out="$DIRECTORY/$1-$2"
  if [ ! -e "$out" ]; then
    valgrind --tool=callgrind --callgrind-out-file="$out.new" "$PROGRAM" "$1" "$2" >"$out.log" 2>&1 ||
      { cat "$out.log" >&2 && fail "$1 $2 fails"; }
    mv "$out.new" "$out"
  fi
  sed -n 's/^totals: *//p' "$out"
}

# Makes these runs at once: each waits for itself only. Whichever fails is made again by who wants its figure, and says why.
ahead() { # workload, lengths...
  local workload=$1 length
  shift
  for length in "$@"; do instructions "$workload" "$length" >/dev/null 2>&1 & done
  wait
}

# Records in the event stream of a workload.
events() { # workload, length
  "$PROGRAM" events "$1" "$2" | sed -n 's/.* events \([0-9]*\).*/\1/p'
}

TABLE=()
MISSED=0

# Adds a line to the table. Without a "must" the figure only informs. A figure "none" is one that took too long.
line() { # row, what, events, figure, must, aim
  local reached=
  if [ "$5" != - ]; then
    reached=$(awk -v figure="${4%\*}" -v must="$5" -v aim="$6" 'BEGIN {
      if (figure == "none" || figure + 0 > must + 0) print "MISSED"
      else print aim != "-" && figure + 0 <= aim + 0 ? "aim" : "must" }')
    [ "$reached" != MISSED ] || MISSED=$((MISSED + 1))
  fi
  TABLE+=("$(printf '%-3s  %-68s %7s %10s %7s %7s  %s' "$1" "$2" "$3" "$4" "$5" "$6" "$reached")")
}

# A row of two lengths.
difference() { # row, what, workload, N, units in one of length, must, aim
  local short long few many
  ahead "$3" "$4" $((2 * $4))
  short=$(instructions "$3" "$4")
  long=$(instructions "$3" $((2 * $4)))
  few=$(events "$3" "$4")
  many=$(events "$3" $((2 * $4)))
  line "$1" "$2" "$(calculate %.1f "($many - $few) / ($4 * $5)")" \
    "$(calculate %.0f "($long - $short) / ($4 * $5)")" "$6" "$7"
}

# What the cost of machines of n0 and n1 CPUs says about one of n. Of one machine alone: that it grows as the square.
expect() { # n0, its cost, n1, its cost, n
  awk -v n0="$1" -v c0="$2" -v n1="$3" -v c1="$4" -v n="$5" 'BEGIN {
    exponent = n0 > 0 ? log(c1 / c0) / log(n1 / n0) : 2
    printf("%.0f", (n1 > 0 ? c1 * exp(log(n / n1) * exponent) : 0)) }'
}

# Costs of machines of these many CPUs, less that of one CPU: a line "CPUs, cost, mark" each.
costs() { # workload, numbers of CPUs...
  local workload=$1 n0=0 c0=0 n1=0 c1=0 mark='' one cost cpus
  ahead "$workload" 1 "$2"
  one=$(instructions "$workload" 1)
  shift
  for cpus in "$@"; do
    cost=$(expect "$n0" "$c0" "$n1" "$c1" "$cpus")
    if [ -n "$mark" ] || [ "$cost" -gt "$LIMIT" ]; then
      mark='*'
    else
      cost=$(instructions "$workload" "$cpus")
      cost=$((cost - one))
    fi
    echo "$cpus $cost $mark"
    n0=$n1 c0=$c1 n1=$cpus c1=$cost
  done
}

# Rows about growth: what a CPU costs in each machine, and how many times as much in the largest as in the smallest.
growth() { # row, what, workload, must for the ratio, numbers of CPUs...
  local row=$1 what=$2 workload=$3 must=$4 all cpus cost mark least=0 least_cost ratio exponent seconds
  shift 4
  all=$(costs "$workload" "$@")
  while read -r cpus cost mark; do
    [ "$least" != 0 ] || least=$cpus least_cost=$cost
    line "$row" "$what, $cpus CPUs: a CPU" "" "$(calculate %.0f "$cost / ($cpus - 1)")$mark" - -
    ratio=$(calculate %.2f "($cost / ($cpus - 1)) / ($least_cost / ($least - 1))")
    exponent=$(calculate %.2f "$cpus > $least ? log($cost / $least_cost) / log($cpus / $least) : 1")
    seconds=$(calculate %.1f "$cost * exp(log(16384 / $cpus) * $exponent) / 1e9")
    if [ "$cpus" = "${!#}" ]; then # the largest: what has come of it is for the whole row
      line "$row" "  a CPU of $cpus : a CPU of $least" "" "$ratio$mark" "$must" -
      line "$row" "  exponent of the whole (1 is linear)" "" "$exponent$mark" - -
      line "$row" "  16384 CPUs, extrapolated, at 10^9 instructions a second: seconds" "" "$seconds*" - -
    fi
  done <<<"$all"
}

# Runs a command, and prints the time that it had the processor, in ms: a busy host disturbs that least.
processor_time() { # command...
  local TIMEFORMAT='%3U %3S' spent
  spent=$({ time timeout "$PATIENCE" "$@" >"$DIRECTORY/log" 2>&1; } 2>&1) || return
  awk '{ printf "%d", ($1 + $2) * 1000 }' <<<"$spent"
}

# One native run: its peak of memory in MB and its time in ms, or none. Each is made once.
native() { # workload, length
  local out="$DIRECTORY/native-$1-$2" spent status=0
  if [ ! -e "$out" ]; then
    spent=$(processor_time "$PROGRAM" "$1" "$2") || status=$?
    case $status in
    0) echo "$(sed -n 's/.* peak_kib //p' "$DIRECTORY/log") $spent" >"$out" ;;
    124) echo "none none" >"$out" ;;
    *) cat "$DIRECTORY/log" >&2 && fail "$1 $2 fails" ;;
    esac
  fi
  awk '{ print $1 == "none" ? $1 : sprintf("%.1f", $1 * 1024 / 1e6), $2 }' "$out"
}

memory() { # what, workload, length, must
  local peak
  peak=$(native "$2" "$3")
  line l "$1: peak, MB" "" "${peak% *}" "$4" -
}

# Microseconds of one run of nmi-stall: two processes with different counts, the best of three differences.
stall_microseconds() { # variant, fewer runs, more runs
  local best='' few many each
  for _ in 1 2 3; do
    few=$(processor_time "$STALL_RUNS" "$1" "$2") || fail "nmi-stall $1 fails or does not end"
    many=$(processor_time "$STALL_RUNS" "$1" "$3") || fail "nmi-stall $1 fails or does not end"
    each=$(((many - few) * 1000 / ($3 - $2)))
    if [ -z "$best" ] || [ "$each" -lt "$best" ]; then best=$each; fi
  done
  echo "$best"
}

host_time() {
  local hung merged adds unicast
  hung=$(stall_microseconds before 100 1100)
  merged=$(stall_microseconds merged 20 220)
  adds=$(native adds 4096)
  unicast=$(native unicast 4096)
  line m "nmi-stall, before: a run to the proof that it hangs, us" "" "$hung" - -
  line m "  for each simulated second until its limit (10 s), us" "" "$(calculate %.1f "$hung / 10")" - -
  line m "nmi-stall, merged: a run, ms" "" "$(calculate %.2f "$merged / 1000")" - -
  line m "  for each simulated second (of 1.1 s), us" "" "$(calculate %.0f "$merged / 1.1")" - -
  line m "row i with 4096 CPUs: the process, ms" "" "${adds#* }" - -
  line m "row j with 4096 CPUs: the process, ms" "" "${unicast#* }" - -
}

measure() { # row
  case $1 in
  a) difference a "IPI between two CPUs in HLT, front-side bus: an IPI" answers-fsb 500 2 4000 3000 ;;
  b) difference b "IPI between two CPUs in HLT, ideal bus: an IPI" answers-ideal 500 2 3600 2600 ;;
  c) difference c "the barest IPI, ideal bus: an IPI" bare-ideal 500 2 2300 1600 ;;
  d)
    difference d "NMI to 254 CPUs, front-side bus: a target" nmi-fsb 10 254 1500 900
    difference d "NMI to 254 CPUs, ideal bus: a target" nmi-ideal 10 254 1500 900
    ;;
  e)
    difference e "counted loop of ICR polls, elision off: a poll" polls 100000 1 60 40
    difference e "counted loop of ICR polls, elision on: a poll" polls-elision 100000 1 60 40
    ;;
  f)
    difference f "counted loop of loads, elision off: a load" loads 100000 1 60 40
    difference f "counted loop of loads, elision on: a load" loads-elision 100000 1 60 40
    ;;
  g) difference g "set-up and end, program has ended: a CPU" ended 64 1 5000 3000 ;;
  h) difference h "set-up and end, asleep two frames deep: a CPU" asleep 64 1 50000 - ;;
  i) growth i "a fetch_add by each CPU" adds 1.25 512 1024 2048 ;;
  j) growth j "an IPI to each CPU" unicast 1.25 512 1024 2048 ;;
  k)
    growth k "idle" asleep - 16 256 1024
    growth k "one IPI to all" broadcast - 16 256 1024
    growth k "ring of IPIs" ring - 16 256 1024
    growth k "a store by each CPU" store-each - 16 256 1024
    ;;
  l)
    memory "4096 CPUs, a fetch_add by each" adds 4096 60
    memory "10^6 stores beside seven sleepers" stores 1000000 50
    ;;
  m) host_time ;;
  esac
}

for row in $ROWS; do
  echo "row $row" >&2
  measure "$row"
done

MEASURED=yes
printf '%-3s  %-68s %7s %10s %7s %7s  %s\n' row what events figure must aim reached
printf '%s\n' "${TABLE[@]}"
case "${TABLE[*]}" in *[0-9]\**) echo "*    extrapolated from smaller machines" ;; esac
case "${TABLE[*]}" in *' none '*) echo "none no end within $PATIENCE seconds" ;; esac
if [ "$MISSED" -gt 0 ]; then
  echo "figures that miss their \"must\": $MISSED"
  [ -n "$REPORT" ] || exit 1
else
  echo "every \"must\" is reached"
fi
