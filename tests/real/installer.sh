#!/usr/bin/env bash
# The shipped Debian line in its own installer: lab with real guests, `tmpl-tui build`, and the pictures that the recorder keeps.
#   installer.sh boot|install PROGRAM FOLDER
#
# boot ends when the installer works without having asked anything: it asks for a language first of all unless it found the preseed.
# install ends when the installed system has the address that packer waits for.
set -euo pipefail

until=$1 program=$2 work=$3
# Another build of the program may read pictures: in one for debugging that takes half a minute each.
judge=${JUDGE:-$program}
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/real/stages.sh
. "$here/stages.sh"
release=$(find /usr/lib/debian-installer/images -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -1)
key=debian-$release
for old in repo state bin pictures; do rm -rf --one-file-system "${work:?}/$old"; done
mkdir -p "$work/repo" "$work/bin" "$work/pictures"

stage "the lab starts"
git -C "$here/../.." archive HEAD ci packer .github | tar -x -C "$work/repo"
# Without KVM nothing is as quick as the lines allow for.
sed -i 's/^common_ip_wait_timeout .*/common_ip_wait_timeout = "6h"/' "$work/repo/ci/config/common.pkrvars.hcl"
ln -s "$program" "$work/bin/lab-packer"
printf '#!/bin/sh\nexec lab-packer "$@"\n' >"$work/bin/packer"
chmod +x "$work/bin/packer"
"$program" --repo "$work/repo" lab --real --listen 127.0.0.1:8990 >"$work/lab.env" 2>"$work/lab.log" &
lab=$!
build=
# Packer destroys its VM when it is asked to stop; the lab takes along what is left.
stop_build() {
  [ -n "$build" ] || return 0
  kill -TERM "$build" 2>/dev/null || true
  wait "$build" || true
  build=
}
trap 'stop_build; kill -TERM "$lab" 2>/dev/null || true; wait "$lab" || true' EXIT
for _ in $(seq 120); do grep -q GOVC_DATASTORE "$work/lab.env" && break; kill -0 "$lab" 2>/dev/null || { cat "$work/lab.log"; fail "the lab"; }; sleep 1; done
grep '^#' "$work/lab.env"
# shellcheck disable=SC1091
. "$work/lab.env"
export XDG_STATE_HOME=$work/state PATH=$work/bin:$PATH PKR_VAR_build_password=unused

stage "firmware and boot loader"
"$program" --repo "$work/repo" build "$key" >"$work/build.log" 2>&1 &
build=$!
frames() { find "$work/state" -path '*/frames/*.png' 2>/dev/null | sort; }
seen=
# The newest picture that was not judged yet: to read one may take longer than until the next.
newest() { frames | tac | while read -r frame; do case " $seen " in *" $frame "*) ;; *) echo "$frame"; break ;; esac; done; }
# Keeps a picture and says what it is called in `label`. A healthy run: none of them may be called a failure.
judge() {
  local verdict
  seen="$seen $1"
  cp "$1" "$work/pictures/"
  verdict=$("$judge" --repo "$work/repo" triage --screen "$1" --json 2>/dev/null)
  label=$(jq -r '.screen // ""' <<<"$verdict")
  printf '%s  %s  %s\n' "$(date +%T)" "${1##*/}" "${label:-?}" | tee -a "$work/pictures/labels"
  [ "$(jq -r .class <<<"$verdict")" = unknown ] || { echo "$verdict"; fail "a picture of a healthy run has a verdict: $1"; }
}
# Ends the build; the pictures that nobody had the time for are judged now.
finish() {
  stages
  stop_build
  for frame in $(frames); do case " $seen " in *" $frame "*) ;; *) judge "$frame" ;; esac; done
  echo "$until: $1"
  exit 0
}
now=boot
end=$((SECONDS + 60 * ${MINUTES:-300}))
while [ $SECONDS -lt $end ]; do
  sleep 2
  if grep -q 'IP address: ' "$work/build.log"; then
    stage "the installed system answers"
    wait "$build" || { tail -20 "$work/build.log"; fail "the build"; }
    build=
    finish "the installed system has an address"
  fi
  kill -0 "$build" 2>/dev/null || { tail -20 "$work/build.log"; fail "the build ended"; }
  frame=$(newest)
  [ -n "$frame" ] || continue
  judge "$frame"
  case $now/$label in
  boot/di-language | boot/di-question | boot/di-location) fail "the installer asks: it has not found the preseed ($frame)" ;;
  boot/di-progress)
    [ "$until" = install ] || finish "the installer works and has asked nothing: it has found the preseed"
    stage "the installer works"
    now=install
    ;;
  install/di-question | install/di-main-menu) fail "the installer asks: $frame" ;;
  esac
done
fail "nothing after ${MINUTES:-300} minutes"
