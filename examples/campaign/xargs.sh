#!/bin/sh
# xargs.sh GRID PARTS AT_A_TIME: a part that is killed goes on where it stopped, up to three times.
set -eu
export grid="$1" parts="$2"
seq "$parts" | xargs -P "$3" -I{} sh -c '
  for try in 1 2 3; do
    apicsim campaign "$grid" -j 1 --partition slice:{}/"$parts" --out part-{}.ndjson && exit
  done; exit 1'
apicsim campaign merge part-*.ndjson --out result.ndjson
