#!/usr/bin/env bash
# Does memcheck find a wrong use of memory where software and simulator meet?
#
#   tests/valgrind.sh                        builds the tests of sim alone
#   tests/valgrind.sh --features proptest    finds them built where `cargo test --features proptest` has run
#
# Runs under `valgrind --tool=memcheck`, on x86-64 Linux, in the dev profile:
#   * the unit tests of sim/src/coroutine (twice: their child process, too);
#   * cases of the attack tests `guards`, `panics` and `stacks`, each in a process of its own, as those tests run them,
#     with one worker and with three: unwinding at an INIT and at the end, software's own panics, a stack that is used up;
#   * as much of the attack test `dead_bytes` as fits in DEAD_BYTES seconds: all of it takes minutes;
#   * a dozen machines of the generator (SEEDS: those that are quick), in every execution, one or three workers.
# The engine tells memcheck where stacks are and compares live stacks as copies (sim/src/coroutine/valgrind.rs, hot.rs), so
# nothing is suppressed here. Any error fails. Leaks are not looked for: software that catches its unwinding for ever is
# abandoned on purpose, with all that it holds, and the tests do that.
#
# Takes a minute and a half of two processors after the build, on a quiet host.
#
# Exit status: 0 if memcheck has no complaint (or without valgrind: then nothing is checked, and a loud message says so),
# 1 if it has one or a case ends otherwise than it should, 2 if nothing could be run.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
cd "$(dirname "$0")/.."

DEAD_BYTES=30
SEEDS="0 1 8 12 15 16 17 26 28 41 43 49"

if ! command -v valgrind > /dev/null; then
  echo "*** NOTHING WAS CHECKED: valgrind is not installed. ***" >&2
  exit 0
fi
if [[ $(uname -sm) != "Linux x86_64" ]]; then
  echo "*** NOTHING WAS CHECKED: the engine talks to valgrind on x86-64 Linux only. ***" >&2
  exit 0
fi

# One package alone has other features of what it depends on, and so is built a second time beside all of them.
if [[ $# == 0 ]]; then set -- -p sim; fi
if ! built=$(cargo test "$@" --lib --test attack --no-run 2>&1); then
  echo "$built" >&2
  exit 2
fi
binary() { # the one of this source file and of this name, as a line of cargo's says it
  sed -n "s|^ *Executable .*$1 (\(.*/$2-[^/]*\))\$|\1|p" <<< "$built"
}
UNIT=$(binary 'src/lib\.rs' sim)
ATTACK=$(binary 'attack/main\.rs' attack)
if [[ ! -x $UNIT || ! -x $ATTACK ]]; then
  echo "the test binaries were not found in: $built" >&2
  exit 2
fi

LOGS=$(mktemp -d)
trap 'rm -rf "$LOGS"' EXIT
cases=0
failures=0

# judge WHAT EXPECTED COMMAND...: EXPECTED is a text in its output. As many cases at once as there are processors.
judge() {
  while (($(jobs -pr | wc -l) >= $(nproc))); do over; done
  cases=$((cases + 1))
  mkdir "$LOGS/$cases"
  judged "$LOGS/$cases" "$@" &
}

# One case has ended; all of them are over if none is left.
over() { wait -n || failures=$((failures + 1)); }

# Memcheck's words are in files of their own, one for each process, because a test looks at what its child says.
judged() { # FOLDER, and as above
  local logs=$1 what=$2 expected=$3 status=0
  shift 3
  { # the braces: this shell says nothing about a case that ends by a signal
    valgrind --tool=memcheck --error-exitcode=9 --leak-check=no --num-callers=20 --fair-sched=try --trace-children=yes \
      --log-file="$logs/memcheck.%p" "$@" > "$logs/output" 2>&1
  } 2> /dev/null || status=$?
  # A process that was ended by a signal has no exit code of memcheck's: its last line counts as well.
  if [[ $status == 9 ]] || ! grep -q 'ERROR SUMMARY' "$logs"/memcheck.* ||
    grep -q 'ERROR SUMMARY: [1-9]' "$logs"/memcheck.*; then
    echo "memcheck complains: $what" >&2
    sed -n '1,60p' "$logs"/memcheck.* >&2
    return 1
  elif ! grep -aq "$expected" "$logs/output"; then
    echo "no '$expected': $what (status $status)" >&2
    tail -n 20 "$logs/output" >&2
    return 1
  fi
}

case_of_a_child() { # EXPECTED CASE
  ATTACK_CASE=$2 judge "$2" "$1" "$ATTACK" child::the_case_of_a_child --exact --nocapture
}

judge "unit tests" "test result: ok" "$UNIT" coroutine::

for name in loop sleep delay two catch-guard; do
  for end in init end; do
    case_of_a_child 'RESULT Ok' "guard $name held $end 1"
  done
  case_of_a_child 'RESULT Ok' "guard $name held init 3"
done
for name in formatted own-guard others-guard others-reside handler; do
  case_of_a_child 'RESULT Panic of Some(0)' "panic $name 1"
done
case_of_a_child 'RESULT Panic of Some(0)' "panic reset 3"
case_of_a_child 'RESULT' "panic caught 1"
case_of_a_child 'RESULT PanicCaught of Some(0)' "panic caught-dropped 1"
case_of_a_child 'RESULT' "panic lock 3"
case_of_a_child 'RESULT Deadline' "stack deep 100 1"
case_of_a_child 'RESULT StackExhausted of CPU1' "stack deep 1000 3"
case_of_a_child 'the software of CPU1 has used up its stack' "stack silent 100000 1"
case_of_a_child 'the software of CPU1 has used up its stack' "stack large 0 1"

# Ended by a signal when the time is over: what memcheck had to say until then counts.
judge "dead_bytes" "running 1 test" timeout --foreground --signal=TERM "$DEAD_BYTES" "$ATTACK" dead_bytes::

for seed in $SEEDS; do
  SEED=$seed judge "SEED=$seed generator" "test result: ok" "$ATTACK" generator::generator
done
while [[ -n $(jobs -p) ]]; do over; done

if [[ $failures != 0 ]]; then
  echo "$failures of memcheck's $cases runs failed" >&2
  exit 1
fi
echo "memcheck has no complaint, in $cases runs"
