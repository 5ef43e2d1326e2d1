#!/usr/bin/env bash
# The familiar entry: ci/build.sh KEY [options of `tmpl-tui build`].
set -euo pipefail
exec tmpl-tui --repo "$(dirname "$0")/.." build "$@"
