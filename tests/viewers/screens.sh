#!/usr/bin/env bash
# Pictures of nmi-stall in GTKWave and in KernelShark, on a screen that nobody sees. `.ci/pictures` calls it.
#
#   tests/viewers/screens.sh APICSIM FOLDER PICTURES
set -euo pipefail
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
pictures=$(realpath "$3")
screen=:77
cd "$folder"

missing=()
command -v Xvfb >/dev/null || missing+=(xvfb)
command -v gtkwave >/dev/null || missing+=(gtkwave)
command -v kernelshark >/dev/null || missing+=(kernelshark)
command -v xdotool >/dev/null || missing+=(xdotool)
command -v import >/dev/null || missing+=(imagemagick)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

"$program" run nmi-stall --trace waves.vcd >/dev/null
"$program" run nmi-stall --trace run.dat >/dev/null

Xvfb "$screen" -screen 0 1200x720x24 >/dev/null 2>&1 &
xvfb=$!
trap 'kill "$xvfb"' EXIT
export DISPLAY=$screen
sleep 3

# Shows the first window of a name, this large, once it is there.
picture() { # NAME WIDTH HEIGHT FILE
  local window
  window=$(timeout 60 xdotool search --sync --onlyvisible --name "$1" | tail -1)
  sleep 5 # it has come to the size that it likes
  xdotool windowsize "$window" "$2" "$3"
  sleep 5
  import -window "$window" -colors 64 "PNG8:$4"
}

# The third message to CPU 2 goes out, is refused, and goes out again. @28 is binary, @22 hexadecimal.
cat >waves.gtkw <<'END'
[timestart] 40000000
[size] 1200 330
[pos] 0 0
*-18.800000 40210000 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1
[signals_width] 230
@200
-CPU 0
@28
machine.cpu0.icr_busy
@200
-CPU 2
@28
machine.cpu2.interrupt_flag
@22
machine.cpu2.irr_highest[7:0]
@200
-serial bus
@28
machine.bus0.picd[1:0]
@22
machine.bus0.winner[7:0]
END
gtkwave --rcvar 'hide_sst 1' --rcvar 'splash_disable on' waves.vcd waves.gtkw >/dev/null 2>&1 &
gtkwave=$!
picture 'GTKWave' 1200 330 "$pictures/gtkwave.png"
kill "$gtkwave"

# As root it asks first whether that is meant.
home=$(mktemp -d)
cp run.dat "$home/nmi-stall.dat"
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$home"
  chmod 700 "$home"
  runuser -u nobody -- env HOME="$home" XDG_RUNTIME_DIR="$home" kernelshark "$home/nmi-stall.dat" >/dev/null 2>&1 &
else
  HOME=$home kernelshark "$home/nmi-stall.dat" >/dev/null 2>&1 &
fi
picture '^Kernel Shark' 1100 700 "$pictures/kernelshark.png"
xdotool search --name '^Kernel Shark' windowkill
rm -rf "$home"
