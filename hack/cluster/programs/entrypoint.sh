#!/bin/sh
# Starts as root, changes the environment, and leaves a command that runs as uid 1000: what exec
# sees (root, the injected environment) and what the main process is then differ on purpose.
set -eu
export DROPPED_BY=entrypoint HOME=/home/app
[ "$#" -gt 0 ] || set -- sleep 2147483647
exec /usr/local/bin/drop 1000 "$@"
