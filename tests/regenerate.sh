#!/usr/bin/env bash
# Writes the captured results anew, after a change of results that is meant (say so in the commit).
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet
apicsim=target/release/apicsim
field() { sed -n "s/^  \"$1\": \"\\(.*\\)\",\$/\\1/p"; }
{
  echo "# scenario arch variant digest (its version, a colon, 16 hex digits)"
  grep -v '^#' tests/digests.txt | while read -r scenario arch variant _; do
    echo "$scenario $arch $variant $("$apicsim" run "$scenario" --arch "$arch" --variant "$variant" --json | field digest)"
  done
} > tests/digests.new
mv tests/digests.new tests/digests.txt
UPDATE_HEADLINE=1 cargo test --quiet --test main golden::the_headline
UPDATE_PAGES=1 cargo test --quiet --lib book
# Minutes: docs/cost.md, of thousands of runs.
UPDATE_COST=1 cargo test --quiet --release --lib cost
