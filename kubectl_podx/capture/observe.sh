# What podx runs inside a container, by `sh -s podx-observe VERSION DIGEST` with this text on stdin.
#
# It reads and changes nothing: no file is written, nothing stays running, and the one signal that it
# sends beyond its own children is to podx's own debug container. Rules that shaped it:
# - It is charged to the container's memory. podx decides from outside whether to exec at all; the
#   cgroup is read again here, with builtins alone. If too little is free, or that cannot be told
#   although there is a limit, nothing is forked (LEAN) and only the kernel's own small files are
#   read: at most podx_max_lean bytes are written, which fit into a pipe that nobody reads.
# - stdin stays open as a dead-man switch. The first shell only guards: a worker does the rest, and
#   a watcher waits for the end of stdin. Then the worker's running child is killed and waited for,
#   as PID 1 may never reap what is left to it. While no child runs, the worker dies of SIGTERM at
#   once, also in the middle of a write that nobody reads.
# - Everything that may compute or block runs as a child of the worker (podx_run). `$(...)` cannot
#   be killed from here, so it is for what reads a bounded number of bytes from memory.
# - Everything is bounded in bytes. Below a config mount the walk stays on that mount and follows
#   only the links that the kubelet's atomic writer makes.
# - One fork for each table, none for each process, file or variable.
# - Few writes: each travels through five programs before it is read, and costs more than a fork.
#   Lines are gathered in podx_out and written before the next fork, or when there are many.
# - POSIX sh for dash, bash and busybox ash.
#
# Before it comes a header with assignments (nonce, pod uid, target …) and the function
# podx_declared, which calls podx_mount, podx_config and podx_token with paths of the pod spec.
# Everything printed stands in frames: a line "NONCE TAG" and the bytes up to the next such line.
# shellcheck disable=SC2034,SC3013,SC3045

podx_nonce=${podx_nonce:-0}
podx_pod_uid=${podx_pod_uid:-}
podx_target=${podx_target:-}
# Whether this runs in a debug container of podx, which idle.sh keeps until two minutes after: 1.
podx_debug=${podx_debug:-0}
# Where /sys/fs/cgroup is looked for; a test puts a folder of its own here.
podx_cgroup_root=${podx_cgroup_root:-}
# Whether the pod spec limits the memory of the container or of the pod: 1, or 0 where it does not.
podx_limited=${podx_limited:-1}
podx_need_kib=16384
podx_max_lean=57344
podx_max_files=400
podx_max_file=4194304
podx_max_folder=65536
podx_max_environment=2097152
podx_max_table=2097152
podx_max_descriptors=2048
podx_max_processes=400
podx_max_detailed=150
podx_newline='
'

podx_out=
podx_max_out=8192
podx_lean=0
podx_written=0

podx_frame() {
  [ "${#podx_out}" -lt "$podx_max_out" ] || podx_flush
  podx_out=$podx_out$podx_newline$podx_nonce' '$1$podx_newline
}
podx_say() { podx_out="$podx_out$*$podx_newline"; }
podx_flush() {
  if [ "$podx_lean" = 1 ]; then
    podx_written=$((podx_written + ${#podx_out}))
    [ "$podx_written" -lt "$podx_max_lean" ] || podx_out=
  fi
  [ -z "$podx_out" ] || printf '%s' "$podx_out"
  podx_out=
}

# The first line of a small file of the kernel into podx_line, without a fork; fails if it cannot be
# read. A pipe or a device that somebody mounted over it would block.
podx_first() {
  podx_line=
  [ -f "$1" ] && [ -r "$1" ] || return 1
  read -r podx_line 2>/dev/null <"$1" || [ -n "$podx_line" ]
}

# The lines of a small file of the kernel, at most $2 of them, without a fork.
podx_lines() {
  [ -f "$1" ] && [ -r "$1" ] || return 0
  podx_count=0
  while IFS= read -r podx_line || [ -n "$podx_line" ]; do
    podx_out=$podx_out$podx_line$podx_newline
    [ "${#podx_out}" -lt "$podx_max_out" ] || podx_flush
    podx_count=$((podx_count + 1))
    [ "$podx_count" -lt "$2" ] || break
    podx_line=
  done 2>/dev/null <"$1"
}

# -- the cgroup, before anything forks ----------------------------------------------------------

podx_value() {
  podx_first "$2" && podx_say "$1 $podx_line"
}

# `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and the same for `full`, with the resource before.
podx_pressure() {
  [ -f "$2" ] && [ -r "$2" ] || return 0
  while read -r podx_line; do podx_say "pressure_$1_$podx_line"; done 2>/dev/null <"$2"
}

# $1: the root of the container that is read; $2: the process whose group it is.
podx_cgroup() {
  podx_root_group=$1/sys/fs/cgroup
  podx_limit='' podx_usage='' podx_high='' podx_stat='' podx_pids=''
  # Without a cgroup namespace of its own (privileged), the container sees the node's whole tree, and
  # its own group stands at the path that /proc names. Else it sees its own group as the root.
  podx_group_of "$2"
  podx_path=${podx_found#*:*:}
  case $podx_path in
    *..*) podx_path= ;;
    */) podx_path=${podx_path%/} ;;
  esac
  podx_group=$podx_root_group$podx_path
  [ -r "$podx_group/memory.current" ] || podx_group=$podx_root_group
  podx_group_v1=$podx_root_group/memory$podx_path
  [ -r "$podx_group_v1/memory.usage_in_bytes" ] || podx_group_v1=$podx_root_group/memory podx_path=
  if [ -r "$podx_group/memory.current" ]; then
    podx_say version v2
    podx_value limit "$podx_group/memory.max"
    podx_limit=$podx_line
    podx_value memory_high "$podx_group/memory.high"
    podx_high=$podx_line
    podx_value usage "$podx_group/memory.current"
    podx_usage=$podx_line
    podx_value peak "$podx_group/memory.peak"
    podx_value swap_current "$podx_group/memory.swap.current"
    podx_value swap_max "$podx_group/memory.swap.max"
    podx_stat=$podx_group/memory.stat podx_cache=inactive_file
    podx_pids=$podx_group
    podx_value cpu_max "$podx_group/cpu.max"
    podx_value cpu_weight "$podx_group/cpu.weight"
    podx_lines "$podx_group/cpu.stat" 20
    podx_lines "$podx_group/memory.events" 20
    for podx_name in memory cpu io; do
      podx_pressure "$podx_name" "$podx_group/$podx_name.pressure"
    done
  elif [ -r "$podx_group_v1/memory.usage_in_bytes" ]; then
    podx_say version v1
    podx_value limit "$podx_group_v1/memory.limit_in_bytes"
    podx_limit=$podx_line
    podx_value usage "$podx_group_v1/memory.usage_in_bytes"
    podx_usage=$podx_line
    podx_value peak "$podx_group_v1/memory.max_usage_in_bytes"
    podx_stat=$podx_group_v1/memory.stat podx_cache=total_inactive_file
    podx_pids=$podx_root_group/pids$podx_path
    for podx_cpu in "$podx_root_group/cpu$podx_path" "$podx_root_group/cpu,cpuacct$podx_path"; do
      [ -r "$podx_cpu/cpu.shares" ] || continue
      podx_value cpu_quota "$podx_cpu/cpu.cfs_quota_us"
      podx_value cpu_period "$podx_cpu/cpu.cfs_period_us"
      podx_value cpu_shares "$podx_cpu/cpu.shares"
      podx_lines "$podx_cpu/cpu.stat" 20
      break
    done
    podx_lines "$podx_group_v1/memory.oom_control" 10
  else
    podx_say version unknown
  fi
  podx_inactive=0
  if [ -n "$podx_stat" ] && [ -r "$podx_stat" ]; then
    while read -r podx_key podx_number; do
      [ "$podx_key" = "$podx_cache" ] || continue
      podx_inactive=$podx_number
      podx_say "inactive_file $podx_number"
      break
    done <"$podx_stat"
  fi
  podx_pids_limit='' podx_pids_used=''
  if [ -n "$podx_pids" ]; then
    podx_value pids_limit "$podx_pids/pids.max"
    podx_pids_limit=$podx_line
    podx_value pids_used "$podx_pids/pids.current"
    podx_pids_used=$podx_line
  fi
}

podx_is_number() {
  case $1 in
    '' | *[!0-9]*) return 1 ;;
  esac
  # 19 digits are no limit, and more than a shell can count with.
  [ "${#1}" -lt 19 ]
}

# Whether too little memory or too few pids are free to fork, or whether that cannot be told. Cache
# that was read and is not in use counts as free, as the kernel drops it before it kills. Above
# memory.high the kernel stalls whoever allocates, so it bounds as memory.max does.
podx_too_tight() {
  podx_headroom=known
  if podx_is_number "$podx_high"; then
    if ! podx_is_number "$podx_limit" || [ "$podx_high" -lt "$podx_limit" ]; then
      podx_limit=$podx_high
    fi
  fi
  if podx_is_number "$podx_limit" && podx_is_number "$podx_usage"; then
    podx_is_number "$podx_inactive" || podx_inactive=0
    podx_free=$(((podx_limit - podx_usage + podx_inactive) / 1024))
    [ "$podx_free" -ge "$podx_need_kib" ] || return 0
  elif [ -z "$podx_usage" ] && [ "$podx_limited" = 1 ]; then
    podx_headroom=unknown
    return 0
  fi
  if podx_is_number "$podx_pids_limit" && podx_is_number "$podx_pids_used"; then
    [ $((podx_pids_limit - podx_pids_used)) -ge 8 ] || return 0
  fi
  return 1
}

# -- one child at a time, and an end for all of it -----------------------------------------------

# A command of the worker that the end of stdin kills.
podx_run() {
  podx_flush
  trap podx_end_child TERM
  "$@" 2>/dev/null &
  wait "$!"
  podx_code=$?
  trap - TERM
  return "$podx_code"
}

podx_end_child() {
  trap '' TERM
  kill -9 "$!" 2>/dev/null
  wait
  exit 1
}

# For a command that ends at once, reads little and cannot block: what it says is written together
# with what stands around it. Nothing can kill it.
podx_hold() {
  podx_held=$("$@" 2>/dev/null)
  podx_code=$?
  podx_out=$podx_out$podx_held$podx_newline
  podx_held=
  return "$podx_code"
}

podx_worker='' podx_watcher=''

podx_stop() {
  trap '' TERM HUP INT
  [ -z "$podx_watcher" ] || kill -9 "$podx_watcher" 2>/dev/null
  [ -z "$podx_worker" ] || kill -TERM "$podx_worker" 2>/dev/null
  wait
  exit 1
}

# Runs a function in a worker, until it has ended or stdin has. `&` would give them /dev/null for
# stdin, so it has a second number; $$ is the first shell's pid in all of them.
podx_guarded() {
  exec 3<&0
  trap podx_stop TERM HUP INT
  {
    trap - TERM HUP INT
    read -r podx_line <&3
    kill -TERM "$$"
  } >/dev/null 2>&1 &
  podx_watcher=$!
  {
    trap - TERM HUP INT
    exec 3<&-
    "$@"
  } &
  podx_worker=$!
  exec 3<&-
  wait "$podx_worker"
  podx_code=$?
  trap '' TERM HUP INT
  kill -9 "$podx_watcher" 2>/dev/null
  wait "$podx_watcher" 2>/dev/null
  exit "$podx_code"
}

# -- who is who ----------------------------------------------------------------------------------

# The line of /proc/N/cgroup that names the container: memory's, or the only one of v2.
podx_group_of() {
  podx_found=
  [ -f "/proc/$1/cgroup" ] && [ -r "/proc/$1/cgroup" ] || return 1
  while read -r podx_line; do
    case $podx_line in
      *:memory:* | 0::*)
        podx_found=$podx_line
        case $podx_line in *:memory:*) return 0 ;; esac
        ;;
    esac
  done 2>/dev/null <"/proc/$1/cgroup"
  [ -n "$podx_found" ]
}

podx_start_of() {
  podx_start=
  podx_first "/proc/$1/stat" || return 1
  podx_rest=${podx_line##*) }
  # shellcheck disable=SC2086
  set -- $podx_rest
  podx_start=${20:-}
  podx_is_number "$podx_start"
}

# The pids of this pod, at most podx_max_processes, into podx_pids_seen; the earliest process of
# the container that is looked at into podx_main. Under hostPID the node's processes are passed over.
podx_find() {
  podx_idler='' podx_idler_start=''
  podx_pids_seen='' podx_main='' podx_earliest='' podx_left_out=0 podx_kept=0
  podx_group_of "$$"
  podx_own=$podx_found
  podx_wanted=$podx_own
  podx_group_of 1
  podx_shared=1
  [ "$podx_found" != "$podx_own" ] || [ -n "$podx_target" ] || podx_shared=0
  [ "$podx_shared" = 1 ] || podx_main=1
  for podx_entry in /proc/[0-9]*; do
    podx_pid=${podx_entry#/proc/}
    [ "$podx_pid" != "$$" ] || continue
    if [ "$podx_shared" = 1 ]; then
      podx_group_of "$podx_pid" || continue
      if [ "$podx_debug" = 1 ] && [ "$podx_found" = "$podx_own" ]; then
        podx_is_idler "$podx_pid"
        continue
      fi
      podx_in_pod "$podx_found" || continue
      podx_is_main "$podx_pid"
    fi
    podx_kept=$((podx_kept + 1))
    if [ "$podx_kept" -gt "$podx_max_processes" ]; then
      podx_left_out=$((podx_left_out + 1))
      continue
    fi
    podx_pids_seen="$podx_pids_seen $podx_pid"
  done
}

# Whether a line of /proc/N/cgroup is of this pod. In a cgroup namespace of its own (v2) the container
# is `/`, what it made itself stands below, and its neighbours are `/../NAME`.
podx_in_pod() {
  case $1 in
    "$podx_own" | *"$podx_pod_uid"* | *"$podx_pod_uid_underscored"*) return 0 ;;
    0::/../..*) return 1 ;;
    0::/../*) return 0 ;;
  esac
  case $podx_own in
    0::/) return 0 ;;
    0::/*kubepods*) return 1 ;;
    0::/*) return 0 ;;
  esac
  return 1
}

podx_is_main() {
  if [ -n "$podx_target" ]; then
    case $podx_found in
      *"$podx_target"*) ;;
      *) return 0 ;;
    esac
  else
    [ "$podx_found" = "$podx_wanted" ] || return 0
  fi
  podx_start_of "$1" || return 0
  if [ -z "$podx_earliest" ] || [ "$podx_start" -lt "$podx_earliest" ]; then
    podx_earliest=$podx_start podx_main=$1
  fi
}

# The first process of the debug container is the earliest one of its group.
podx_is_idler() {
  podx_start_of "$1" || return 0
  if [ -z "$podx_idler" ] || [ "$podx_start" -lt "$podx_idler_start" ]; then
    podx_idler=$1 podx_idler_start=$podx_start
  fi
}

# Tells idle.sh that its two minutes begin anew: only if it handles the signal, which would end it
# otherwise. SIGUSR1 is bit 9 of the mask, so the third hexadecimal digit from the right tells.
podx_keep_awake() {
  [ -n "$podx_idler" ] && [ -r "/proc/$podx_idler/status" ] || return 0
  while read -r podx_key podx_rest; do
    [ "$podx_key" = "SigCgt:" ] || continue
    case $podx_rest in
      *[2367abefABEF]??) kill -USR1 "$podx_idler" ;;
    esac
    return 0
  done 2>/dev/null <"/proc/$podx_idler/status"
}

# -- files ---------------------------------------------------------------------------------------

# The walk below a config mount. The kubelet's atomic writer makes a folder for each generation, the
# link ..data to the newest, and a link for each top entry: `key -> ..data/key`. Other links, and what
# is mounted below, are somebody else's, and are not touched.

# $1: the mount; its links may be followed where they lead into ..data.
podx_list_volume() {
  podx_generation=
  if [ -L "$1/..data" ]; then
    for podx_item in "$1"/..[0-9]*; do
      [ -d "$podx_item" ] && [ ! -L "$podx_item" ] || continue
      [ "$podx_item" -ef "$1/..data" ] && podx_generation=$podx_item
    done
  fi
  for podx_item in "$1"/* "$1"/.[!.]*; do
    [ "$podx_files" -lt "$podx_max_files" ] || return 0
    podx_is_nested "$podx_item" && continue
    if [ -L "$podx_item" ]; then
      if [ ! -e "$podx_item" ]; then
        podx_files=$((podx_files + 1))
        podx_add "$podx_item"
        continue
      fi
      [ -n "$podx_generation" ] || continue
      [ "$podx_item" -ef "$podx_generation/${podx_item##*/}" ] || continue
    fi
    if [ -d "$podx_item" ]; then
      podx_list "$podx_item" 6
    elif [ -f "$podx_item" ]; then
      podx_add_file "$podx_item"
    fi
  done
}

# $1: a folder of the volume; $2: depth left.
podx_list() {
  for podx_item in "$1"/* "$1"/.[!.]*; do
    [ "$podx_files" -lt "$podx_max_files" ] || return 0
    [ ! -L "$podx_item" ] || continue
    podx_is_nested "$podx_item" && continue
    if [ -d "$podx_item" ]; then
      [ "$2" -gt 0 ] && podx_list "$podx_item" $(($2 - 1))
    elif [ -f "$podx_item" ]; then
      podx_add_file "$podx_item"
    elif [ -e "$podx_item" ]; then
      podx_files=$((podx_files + 1))
      podx_add "$podx_item"
    fi
  done
}

# Whether something is mounted there.
podx_is_nested() {
  case $podx_nested in
    *"$podx_newline$1$podx_newline"*) return 0 ;;
  esac
  return 1
}

# What is mounted below the config mount $1, whose path mountinfo writes as $2, into podx_nested, by
# the path that the walk takes. A key is mounted over in its generation: `..2026_…/key`.
podx_find_nested() {
  podx_nested=$podx_newline
  podx_point=$2
  case $podx_points in
    *"$podx_newline$2$podx_newline"*) ;;
    *)
      # The path leads through a link (/var/run): which mount is it?
      set -f
      IFS=$podx_newline
      for podx_line in $podx_quiet_mounts; do
        [ "$podx_root$podx_line" -ef "$1" ] && podx_point=$podx_line
      done
      unset IFS
      set +f
      ;;
  esac
  set -f
  IFS=$podx_newline
  for podx_line in $podx_points; do
    case $podx_line in
      "$podx_point"/..[0-9]*/*)
        podx_rest=${podx_line#"$podx_point"/*/}
        podx_nested=$podx_nested$1/$podx_rest$podx_newline
        ;;
      "$podx_point"/*) podx_nested=$podx_nested$1/${podx_line#"$podx_point"/}$podx_newline ;;
    esac
  done
  unset IFS
  set +f
}

# A regular file. What may not be read has a mode and an owner all the same: they tell why.
podx_add_file() {
  podx_files=$((podx_files + 1))
  podx_add "$1"
  podx_regular="$podx_regular \"\$podx_word_$podx_words\""
}

podx_config() {
  podx_path=$podx_root$1
  case $podx_step in
    folders) [ ! -d "$podx_path" ] || podx_add "$podx_path" ;;
    list)
      podx_find_nested "$podx_path" "$2"
      if [ -d "$podx_path" ]; then
        case $podx_small_folders in
          *"$podx_newline$podx_path$podx_newline"*) podx_list_volume "$podx_path" ;;
          *) podx_left_out_folders=$((podx_left_out_folders + 1)) ;;
        esac
      elif [ -f "$podx_path" ]; then
        podx_add_file "$podx_path"
      elif [ -e "$podx_path" ]; then
        podx_add "$podx_path"
      fi
      ;;
    links) [ ! -L "$podx_path/..data" ] || podx_add "$podx_path/..data" ;;
  esac
}

# Header and claims of a service account token; the signature is not printed.
podx_token() {
  [ "$podx_step" = token ] || return 0
  podx_path=$podx_root$1
  podx_head='' podx_claims=''
  if [ ! -e "$podx_path" ]; then
    podx_say "missing - - $1"
  elif [ ! -f "$podx_path" ] || [ ! -r "$podx_path" ]; then
    podx_say "unreadable - - $1"
  else
    podx_held=$(head -c 16384 "$podx_path" 2>/dev/null)
    case $podx_held in
      *"$podx_newline"*) podx_held= ;;
      *.*.*)
        podx_head=${podx_held%%.*}
        podx_held=${podx_held#*.}
        podx_claims=${podx_held%%.*}
        ;;
    esac
    podx_held=
    podx_say "read ${podx_head:--} ${podx_claims:--} $1"
  fi
}

# A file whose text is needed: the annotations of the downward API, which hold two lines that only
# the kubelet knows. $1 is its number, as a path may hold any byte.
podx_plain() {
  [ "$podx_step" = plain ] || return 0
  [ -f "$podx_root$2" ] && [ -r "$podx_root$2" ] || return 0
  podx_frame "plain $1"
  podx_run head -c "$podx_max_file" "$podx_root$2"
}

# Mount points whose file system answers at once: never one that may hang (NFS, FUSE, autofs).
podx_mount() {
  [ "$podx_step" = mounts ] || return 0
  podx_path=$podx_root$1
  case $podx_quiet_mounts in
    *"$podx_newline$2$podx_newline"*) podx_add "$podx_path" ;;
  esac
}

# The mount table. A shell's `read` costs two system calls for each byte, so `head` reads it where
# a fork may be; it bounds what is kept in memory, too.
podx_mountinfo() {
  podx_frame mountinfo
  podx_quiet_mounts=$podx_newline podx_points=$podx_newline podx_count=0
  [ -f "/proc/$podx_self/mountinfo" ] && [ -r "/proc/$podx_self/mountinfo" ] || return 0
  podx_table_text=
  if [ "$podx_lean" = 0 ]; then
    podx_table_text=$(head -c 131072 "/proc/$podx_self/mountinfo" 2>/dev/null)
    # The last line may be cut.
    [ "${#podx_table_text}" -lt 130000 ] || podx_table_text=${podx_table_text%"$podx_newline"*}
  fi
  if [ -n "$podx_table_text" ]; then
    set -f
    IFS=$podx_newline
    for podx_line in $podx_table_text; do podx_mounted "$podx_line"; done
    unset IFS
    set +f
    podx_table_text=
  else
    while IFS= read -r podx_line; do
      podx_mounted "$podx_line"
      [ "$podx_count" -lt 100 ] || break
    done 2>/dev/null <"/proc/$podx_self/mountinfo"
  fi
}

podx_mounted() {
  podx_count=$((podx_count + 1))
  if [ "$podx_count" -le 400 ]; then
    podx_out=$podx_out$1$podx_newline
    [ "${#podx_out}" -lt "$podx_max_out" ] || podx_flush
  fi
  # ID PARENT DEVICE ROOT POINT OPTIONS ... - TYPE SOURCE OPTIONS
  podx_rest=${1#* * * * }
  podx_points=$podx_points${podx_rest%% *}$podx_newline
  case ${1##* - } in
    "tmpfs "* | "overlay "* | "ext4 "* | "ext3 "* | "xfs "* | "btrfs "*)
      podx_quiet_mounts=$podx_quiet_mounts${podx_rest%% *}$podx_newline
      ;;
  esac
}

# Runs one command with the words that podx_declared adds in this step: podx_table STEP COMMAND...
# The words go through numbered variables, as a name may hold any byte that a path may.
podx_add() {
  podx_words=$((podx_words + 1))
  eval "podx_word_$podx_words=\$1"
  podx_names="$podx_names \"\$podx_word_$podx_words\""
}

podx_table() {
  podx_step=$1 podx_words=0 podx_files=0 podx_names=''
  shift
  podx_declared
  [ "$podx_words" -eq 0 ] || eval "\"\$@\" $podx_names"
}

# Which config mounts are small enough to be listed: a glob keeps every name in memory, and a folder's
# own size grows with its entries (20 bytes each in tmpfs, 12 and more on a disk).
podx_folders() {
  podx_small_folders=$podx_newline podx_left_out_folders=0
  podx_table folders podx_keep stat -L -c '%s %n' --
  set -f
  IFS=$podx_newline
  for podx_line in $podx_kept_text; do
    podx_is_number "${podx_line%% *}" || continue
    [ "${podx_line%% *}" -le "$podx_max_folder" ] || continue
    podx_small_folders=$podx_small_folders${podx_line#* }$podx_newline
  done
  unset IFS
  set +f
}

# What a command that ends at once says, into podx_kept_text.
podx_keep() { podx_kept_text=$("$@" 2>/dev/null); }

# The paths of all files, each ended by a null byte. Leaves the names of the variables that hold the
# regular ones in podx_regular.
podx_files() {
  podx_kept_text=
  podx_folders
  podx_frame files
  podx_flush
  podx_regular=''
  podx_table list printf '%s\000'
  podx_frame folders
  podx_say "left_out $podx_left_out_folders"
}

# Modes, owners and sizes first: what is larger than the kubelet writes is not read.
podx_digests() {
  podx_kept_text=
  [ -z "$podx_regular" ] || eval "podx_keep stat -L -c '%a %u %g %s %Y %n' -- $podx_regular"
  podx_frame stats
  podx_out=$podx_out$podx_kept_text$podx_newline
  podx_readable=''
  podx_number=0
  for podx_word in $podx_regular; do
    podx_number=$((podx_number + 1))
    eval "podx_path=$podx_word"
    [ -r "$podx_path" ] || continue
    case $podx_newline$podx_kept_text$podx_newline in
      *" $podx_path$podx_newline"*) ;;
      *) continue ;;
    esac
    podx_line=${podx_kept_text%%" $podx_path"*}
    podx_line=${podx_line##*"$podx_newline"}
    # MODE UID GID SIZE TIME
    podx_rest=${podx_line#* * * }
    podx_is_number "${podx_rest%% *}" || continue
    [ "${podx_rest%% *}" -le "$podx_max_file" ] || continue
    podx_readable="$podx_readable $podx_word"
  done
  podx_kept_text=
  podx_frame digests
  [ -z "$podx_readable" ] || eval "podx_run sha256sum -- $podx_readable"
}

# -- the look ------------------------------------------------------------------------------------

podx_basics() {
  podx_frame self
  podx_say "main $podx_main"
  podx_say "self $podx_self"
  podx_say "shared $podx_shared"
  podx_say "root $podx_root"
  podx_say "group $podx_own"
  podx_say "left_out $podx_left_out"
  podx_say "shell ${BASH_VERSION:+bash}"
  if [ -n "$podx_target" ]; then
    for podx_pid in "$$" $podx_main; do
      podx_frame "credentials $podx_pid"
      podx_lines "/proc/$podx_pid/status" 60
    done
  fi
}

podx_text() {
  podx_frame limits
  podx_lines "/proc/$podx_main/limits" 20
  podx_frame hostname
  if [ -z "$podx_target" ]; then podx_lines /proc/sys/kernel/hostname 1; fi
  podx_mountinfo
}

# Files that the container may write: only by a child, and only so many bytes.
podx_written_files() {
  podx_frame hosts
  [ ! -f "$podx_root/etc/hosts" ] || podx_run head -c 65536 "$podx_root/etc/hosts"
  podx_frame resolv
  [ ! -f "$podx_root/etc/resolv.conf" ] || podx_run head -c 16384 "$podx_root/etc/resolv.conf"
  if [ -n "$podx_target" ] && [ -f "$podx_root/etc/hostname" ]; then
    podx_frame hostname
    podx_run head -c 256 "$podx_root/etc/hostname"
  fi
  podx_frame tokens
  podx_step=token
  podx_declared
}

podx_processes() {
  podx_frame uptime
  podx_lines /proc/uptime 1
  podx_hold date +%s.%N
  podx_detailed=0
  set --
  for podx_pid in $podx_pids_seen; do
    podx_detailed=$((podx_detailed + 1))
    if [ "$podx_detailed" -le "$podx_max_detailed" ]; then
      set -- "$@" "/proc/$podx_pid/stat" "/proc/$podx_pid/cgroup" "/proc/$podx_pid/status"
    else
      set -- "$@" "/proc/$podx_pid/stat" "/proc/$podx_pid/cgroup"
    fi
  done
  podx_frame processes
  if [ "$#" -gt 0 ]; then
    # `cat` writes once for each file.
    podx_run head -q -c 65536 "$@"
    [ "$podx_code" != 127 ] || podx_run cat "$@"
  fi
  set --
  for podx_pid in $podx_pids_seen; do set -- "$@" "/proc/$podx_pid/cmdline"; done
  podx_frame arguments
  [ "$#" -eq 0 ] || podx_run grep -zc '' /dev/null "$@"
}

podx_sockets() {
  podx_names=
  set --
  for podx_table_name in tcp tcp6 udp udp6; do
    [ -r "/proc/$podx_self/net/$podx_table_name" ] || continue
    podx_names="$podx_names $podx_table_name"
    set -- "$@" "/proc/$podx_self/net/$podx_table_name"
  done
  if [ "$#" -gt 0 ]; then
    podx_frame "net$podx_names"
    podx_run head -q -c "$podx_max_table" "$@"
  fi
  podx_frame fds
  podx_open=
  if [ -r "/proc/$podx_main/fd" ]; then
    podx_table_size_of "$podx_main"
    if [ "$podx_descriptors" -le "$podx_max_descriptors" ]; then
      set -- "/proc/$podx_main/fd"/*
      podx_open=$#
    else
      # Since Linux 6.2 the folder's size is the number of its entries; before, it is 0.
      podx_keep stat -L -c %s "/proc/$podx_main/fd"
      podx_is_number "$podx_kept_text" && [ "$podx_kept_text" -gt 0 ] && podx_open=$podx_kept_text
    fi
  fi
  podx_say "open ${podx_open:--}"
  podx_say "table ${podx_descriptors:--}"
  podx_folder_list=
  podx_detailed=0 podx_sum=0
  for podx_pid in $podx_pids_seen; do
    [ "$podx_detailed" -lt "$podx_max_detailed" ] || break
    [ -r "/proc/$podx_pid/fd" ] || continue
    podx_table_size_of "$podx_pid"
    podx_sum=$((podx_sum + podx_descriptors))
    if [ "$podx_descriptors" -gt "$podx_max_descriptors" ] || [ "$podx_sum" -gt 16384 ]; then
      podx_sum=$((podx_sum - podx_descriptors))
      continue
    fi
    podx_detailed=$((podx_detailed + 1))
    podx_folder_list="$podx_folder_list /proc/$podx_pid/fd"
  done
  # shellcheck disable=SC2086
  [ -z "$podx_folder_list" ] || podx_run ls -l /dev/null $podx_folder_list
}

# How many descriptors a process can have open without a larger table, which bounds what a glob of
# its folder keeps in memory. Of a process that cannot be read: too many.
podx_table_size_of() {
  podx_descriptors=999999999
  [ -f "/proc/$1/status" ] && [ -r "/proc/$1/status" ] || return 0
  while read -r podx_key podx_number podx_rest; do
    [ "$podx_key" = "FDSize:" ] || continue
    podx_is_number "$podx_number" && podx_descriptors=$podx_number
    return 0
  done 2>/dev/null <"/proc/$1/status"
}

podx_full() {
  # Right after they were found: a program that starts others has other ones a second later.
  podx_processes
  podx_written_files
  podx_frame namespaces
  podx_hold ls -l "/proc/$podx_self/ns/" /proc/1/ns/
  podx_frame environment
  [ -n "$podx_target" ] || podx_run head -c "$podx_max_environment" "/proc/$$/environ"
  podx_frame "process_environment"
  if [ -n "$podx_main" ]; then
    podx_run head -c "$podx_max_environment" "/proc/$podx_main/environ" &&
      podx_frame "process_environment_read"
  fi
  podx_files
  podx_digests
  podx_step=plain
  podx_declared
  podx_frame links
  podx_table links podx_hold ls -ld --
  podx_frame inodes
  podx_table mounts podx_hold ls -dLi --
  if [ -n "$podx_target" ]; then
    # df looks a path up in its own mount table, where the target's mounts are not.
    podx_frame file_systems
    podx_table mounts podx_run stat -f -c '%b %f %a %S %c %d %n' --
  else
    podx_frame space
    podx_table mounts podx_run df -kP --
    podx_frame space_inodes
    podx_table mounts podx_run df -iP --
  fi
  podx_sockets
}

podx_end() {
  podx_frame end
  podx_flush
  exit 0
}

# All of it, in the worker; or in the first shell where nothing may be forked.
podx_work() {
  podx_find
  [ "$podx_debug" = 0 ] || podx_keep_awake
  if [ -n "$podx_target" ]; then
    podx_root=/proc/$podx_main/root podx_self=$podx_main
    podx_basics
    if [ -z "$podx_main" ] || [ ! -r "$podx_root/" ] || [ ! -x "$podx_root/" ]; then
      podx_frame denied
      podx_end
    fi
    podx_frame cgroup
    podx_cgroup "$podx_root" "$podx_main"
    podx_say "lean $podx_lean"
    podx_say "headroom $podx_headroom"
  else
    podx_basics
  fi
  podx_text
  [ "$podx_lean" = 1 ] || podx_full
  podx_end
}

podx_main_program() {
  ulimit -c 0 2>/dev/null
  ulimit -t 20 2>/dev/null
  trap '' PIPE
  podx_root='' podx_self=$$
  # systemd's slices write the uid's dashes as underscores.
  podx_pod_uid=${podx_pod_uid:-no-uid} podx_pod_uid_underscored=${podx_pod_uid_underscored:-no-uid}
  podx_frame "start"
  podx_frame cgroup
  podx_cgroup "$podx_cgroup_root" "$$"
  if podx_too_tight; then podx_lean=1; fi
  podx_say "lean $podx_lean"
  podx_say "headroom $podx_headroom"
  [ "$podx_lean" = 0 ] || podx_work
  podx_guarded podx_work
}
