#!/usr/bin/env bash
# Puts the faults of tests/mutants/list.txt into a copy of the tree, one at a time, and runs the tests of their crate.
#
#   tests/mutants/run.sh [FIRST [LAST]]     all of them, or these lines of the list, counted from 1
#
# Says of each: caught, SURVIVED, equivalent (the list says why), or does not compile (which counts as caught by the
# compiler). Exit status 1 if one survived that is not listed as equivalent. The unit tests of `sim` come first, the others,
# and last the attack, only for what survives them; it takes some 20 s each on two cores. What it said last stands in
# results.txt. A fault may make a test run for ever; it gets ten minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
COPY=$(mktemp -d)
trap 'rm -rf "$COPY"' EXIT
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$COPY"
LIST=$COPY/tests/mutants/list.txt
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/mutants}
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
FIRST=${1:-1} LAST=${2:-9999}
SIM="-p sim --test states --test command_pair --test register_masks --test conformance --test legal_machines --test conservation"

cd "$COPY"
number=0 survived=0
while IFS= read -r line; do
  case $line in '#'* | '') continue ;; esac
  number=$((number + 1))
  if [ "$number" -lt "$FIRST" ] || [ "$number" -gt "$LAST" ]; then continue; fi
  outcome=$(LINE=$line python3 - <<'PY'
import os, re
parts = [part.strip().replace("\\|", "|") for part in re.split(r"(?<!\\)\|", os.environ["LINE"])]
path, before, after, reason = parts
text = open(path).read()
assert text.count(before) == 1, f"{path}: `{before}` stands {text.count(before)} times"
os.rename(path, path + ".kept")
open(path, "w").write(text.replace(before, after))
print(path, reason, sep="\t")
PY
  )
  path=${outcome%%$'\t'*} reason=${outcome#*$'\t'}
  more=true
  case $path in
  sim/src/engine/* | sim/src/processor/* | sim/src/memory/* | sim/src/check/*)
    more="cargo test --offline --locked --quiet -p sim --test attack"
    ;;
  esac
  if ! cargo test --offline --locked --quiet -p sim --lib --no-run >/dev/null 2>&1; then
    verdict="does not compile"
  elif timeout 600 cargo test --offline --locked --quiet -p sim --lib >"$COPY/log" 2>&1 &&
    timeout 600 cargo test --offline --locked --quiet $SIM >"$COPY/log" 2>&1 &&
    timeout 1200 $more >"$COPY/log" 2>&1; then
    verdict=SURVIVED
    if [ -n "$reason" ]; then verdict="equivalent: $reason"; else survived=$((survived + 1)); fi
  else
    by=$(sed -n 's/^    \([a-z_:0-9]*\)$/\1/p' "$COPY/log" | sort -u | head -1)
    verdict="caught by ${by:-a test that does not end}"
  fi
  mv "$path.kept" "$path"
  touch "$path"
  printf '%3d  %-45s %s\n' "$number" "$path" "$verdict"
done <"$LIST"
echo "$number faults, $survived survived"
[ "$survived" = 0 ]
