# The first process of a debug container that `--debug-image` adds: it does nothing, and ends two
# minutes after the last look. A look sends it SIGUSR1, which begins the two minutes anew.
#
# It shares the PID namespace of the container that is looked at, whose first process may reap
# nothing that is left to it: so its one child is always waited for. That is `$!`, as a signal may
# come before the next command could keep it in a variable.
trap : USR1
trap 'kill -9 "$!" 2>/dev/null; wait; exit 0' TERM INT HUP
while :; do
  sleep 120 &
  wait "$!"
  podx_code=$?
  # More than 128: a signal came. Everything else is the end of the sleep, or no `sleep` at all.
  [ "$podx_code" -gt 128 ] || exit "$podx_code"
  kill -9 "$!" 2>/dev/null
  wait "$!"
done
