# What the parts of ci/real share: minutes a stage, and the way out.
# shellcheck shell=bash disable=SC2154 # work is of who sources this

fail() { stages; echo "FAILED: $*" >&2; exit 1; }

stage_names=() stage_starts=()
stage() {
  stage_names+=("$1") stage_starts+=("$SECONDS")
  printf -- '--- %s  (%s)\n' "$1" "$(date +%T)"
}

# How long each took, on the screen and in the folder.
stages() {
  local i end
  : >"$work/minutes"
  for i in "${!stage_names[@]}"; do
    end=${stage_starts[i + 1]:-$SECONDS}
    awk -v s=$((end - stage_starts[i])) -v n="${stage_names[i]}" 'BEGIN { printf "%6.1f min  %s\n", s / 60, n }' >>"$work/minutes"
  done
  cat "$work/minutes"
}

# The mirror this machine's own apt uses, where it is a Debian.
mirror() {
  local found
  # shellcheck disable=SC2016 # apt's own fields
  found=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null | awk -v c="$1" '$1 == "Debian" && $2 == c { print $3; exit }')
  echo "${found:-http://deb.debian.org/debian}"
}
