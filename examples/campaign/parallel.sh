#!/bin/sh
# parallel.sh GRID PARTS AT_A_TIME: on other machines with --sshlogin host1,host2 --transferfile "$1" --return part-{}.ndjson
set -eu
seq "$2" | parallel -j "$3" --retries 3 \
  apicsim campaign "$1" -j 1 --partition "slice:{}/$2" --out part-{}.ndjson
apicsim campaign merge part-*.ndjson --out result.ndjson
