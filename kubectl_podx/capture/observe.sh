# What podx runs inside a container, by `sh -s podx-observe VERSION DIGEST` with this text on stdin.
#
# It looks and changes nothing: no file is written, nothing stays running. Rules that shaped it:
# - It is charged to the container's memory, so the cgroup's headroom is read first, with builtins
#   alone; where too little is free nothing is forked (LEAN) and only builtins go on.
# - stdin stays open as a dead-man switch: a watcher waits for its end and has the running child
#   killed and waited for, as PID 1 may never reap what is left to it.
# - One fork for each table, none for each process, file or variable.
# - Few writes: each travels through five programs before it is read, and costs more than a fork.
#   Lines are gathered in podx_out and written before the next fork, or when there are many.
# - POSIX sh for dash, bash and busybox ash.
#
# Before it comes a header with assignments (nonce, pod uid, target …) and the function
# podx_declared, which calls podx_mount, podx_config and podx_token with paths of the pod spec.
# Everything printed stands in frames: a line "NONCE TAG" and the bytes up to the next such line.
# shellcheck disable=SC2034,SC3045

podx_nonce=${podx_nonce:-0}
podx_pod_uid=${podx_pod_uid:-}
podx_target=${podx_target:-}
# Where /sys/fs/cgroup is looked for; a test puts a folder of its own here.
podx_cgroup_root=${podx_cgroup_root:-}
podx_need_kib=16384
podx_max_files=400
podx_max_processes=400
podx_max_detailed=150
podx_newline='
'

podx_out=
podx_max_out=8192

podx_frame() {
  [ "${#podx_out}" -lt "$podx_max_out" ] || podx_flush
  podx_out=$podx_out$podx_newline$podx_nonce' '$1$podx_newline
}
podx_say() { podx_out="$podx_out$*$podx_newline"; }
podx_flush() {
  [ -z "$podx_out" ] || printf '%s' "$podx_out"
  podx_out=
}

# The first line of a file into podx_line, without a fork; fails where it cannot be read.
podx_first() {
  podx_line=
  [ -r "$1" ] || return 1
  read -r podx_line 2>/dev/null <"$1" || [ -n "$podx_line" ]
}

# The lines of a small file, at most $2 of them, without a fork.
podx_lines() {
  [ -r "$1" ] || return 0
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

podx_cgroup() {
  podx_group=$1/sys/fs/cgroup
  if [ -r "$podx_group/memory.current" ]; then
    podx_say version v2
    podx_value limit "$podx_group/memory.max"
    podx_limit=$podx_line
    podx_value usage "$podx_group/memory.current"
    podx_usage=$podx_line
    podx_value peak "$podx_group/memory.peak"
    podx_stat=$podx_group/memory.stat podx_cache=inactive_file
    podx_pids=$podx_group
    podx_value cpu_max "$podx_group/cpu.max"
    podx_value cpu_weight "$podx_group/cpu.weight"
    podx_lines "$podx_group/cpu.stat" 20
    podx_lines "$podx_group/memory.events" 20
  elif [ -r "$podx_group/memory/memory.usage_in_bytes" ]; then
    podx_say version v1
    podx_value limit "$podx_group/memory/memory.limit_in_bytes"
    podx_limit=$podx_line
    podx_value usage "$podx_group/memory/memory.usage_in_bytes"
    podx_usage=$podx_line
    podx_value peak "$podx_group/memory/memory.max_usage_in_bytes"
    podx_stat=$podx_group/memory/memory.stat podx_cache=total_inactive_file
    podx_pids=$podx_group/pids
    for podx_cpu in "$podx_group/cpu" "$podx_group/cpu,cpuacct"; do
      [ -r "$podx_cpu/cpu.shares" ] || continue
      podx_value cpu_quota "$podx_cpu/cpu.cfs_quota_us"
      podx_value cpu_period "$podx_cpu/cpu.cfs_period_us"
      podx_value cpu_shares "$podx_cpu/cpu.shares"
      podx_lines "$podx_cpu/cpu.stat" 20
      break
    done
    podx_lines "$podx_group/memory/memory.oom_control" 10
  else
    podx_say version unknown
    podx_limit='' podx_usage='' podx_stat='' podx_pids=''
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

# Whether too little memory or too few pids are free to fork. Cache that was read and is not in use
# counts as free, as the kernel drops it before it kills.
podx_too_tight() {
  if podx_is_number "$podx_limit" && podx_is_number "$podx_usage"; then
    podx_is_number "$podx_inactive" || podx_inactive=0
    podx_free=$(((podx_limit - podx_usage + podx_inactive) / 1024))
    [ "$podx_free" -ge "$podx_need_kib" ] || return 0
  fi
  if podx_is_number "$podx_pids_limit" && podx_is_number "$podx_pids_used"; then
    [ $((podx_pids_limit - podx_pids_used)) -ge 6 ] || return 0
  fi
  return 1
}

# -- one child at a time, and an end for all of it -----------------------------------------------

podx_child='' podx_watcher=''

podx_run() {
  podx_flush
  "$@" 2>/dev/null &
  podx_child=$!
  wait "$podx_child"
  podx_code=$?
  podx_child=
  return "$podx_code"
}

# The same for a command that ends at once and says little: what it says is written together with
# what stands around it. A signal waits for its end.
podx_hold() {
  podx_held=$("$@" 2>/dev/null)
  podx_code=$?
  podx_out=$podx_out$podx_held$podx_newline
  podx_held=
  return "$podx_code"
}

podx_stop() {
  trap '' TERM HUP INT
  [ -z "$podx_child" ] || kill -9 "$podx_child" 2>/dev/null
  [ -z "$podx_watcher" ] || kill -9 "$podx_watcher" 2>/dev/null
  wait
  exit 1
}

podx_watch() {
  exec 3<&0
  trap podx_stop TERM HUP INT
  # $$ is the main shell's pid here too.
  {
    trap - TERM HUP INT
    read -r podx_line <&3
    kill -TERM "$$"
  } >/dev/null 2>&1 &
  podx_watcher=$!
  exec 3<&-
}

podx_unwatch() {
  trap '' TERM HUP INT
  kill -9 "$podx_watcher" 2>/dev/null
  wait "$podx_watcher" 2>/dev/null
  podx_watcher=
}

# -- who is who ----------------------------------------------------------------------------------

# The line of /proc/N/cgroup that names the container: memory's, or the only one of v2.
podx_group_of() {
  podx_found=
  [ -r "/proc/$1/cgroup" ] || return 1
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
      case $podx_found in
        "$podx_own" | *"$podx_pod_uid"* | *"$podx_pod_uid_underscored"* | 0::/../[!.]*) ;;
        *) continue ;;
      esac
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

# -- files ---------------------------------------------------------------------------------------

podx_list() {
  # $1: a folder below a config mount; $2: depth left.
  for podx_item in "$1"/* "$1"/.[!.]*; do
    [ "$podx_files" -lt "$podx_max_files" ] || return 0
    if [ -d "$podx_item" ]; then
      [ "$2" -gt 0 ] && podx_list "$podx_item" $(($2 - 1))
    elif [ -f "$podx_item" ]; then
      podx_add_file "$podx_item"
    elif [ -e "$podx_item" ] || [ -L "$podx_item" ]; then
      podx_files=$((podx_files + 1))
      podx_add "$podx_item"
    fi
  done
}

# A regular file. What may not be read has a mode and an owner all the same: they tell why.
podx_add_file() {
  podx_files=$((podx_files + 1))
  podx_add "$1"
  podx_regular="$podx_regular \"\$podx_word_$podx_words\""
  [ ! -r "$1" ] || podx_readable="$podx_readable \"\$podx_word_$podx_words\""
}

podx_config() {
  podx_path=$podx_root$1
  case $podx_step in
    list)
      if [ -d "$podx_path" ]; then
        podx_list "$podx_path" 6
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
  podx_head='' podx_claims='' podx_signature=''
  if [ ! -e "$podx_path" ]; then
    podx_say "missing - - $1"
  elif [ ! -r "$podx_path" ]; then
    podx_say "unreadable - - $1"
  else
    IFS=. read -r podx_head podx_claims podx_signature <"$podx_path"
    podx_say "read ${podx_head:--} ${podx_claims:--} $1"
  fi
  podx_signature=
}

# A file whose text is needed: the annotations of the downward API, which hold two lines that only
# the kubelet knows. $1 is its number, as a path may hold any byte.
podx_plain() {
  [ "$podx_step" = plain ] || return 0
  [ -r "$podx_root$2" ] || return 0
  podx_frame "plain $1"
  podx_run cat "$podx_root$2"
}

# Mount points whose file system answers at once: never one that may hang (NFS, FUSE, autofs).
podx_mount() {
  [ "$podx_step" = mounts ] || return 0
  podx_path=$podx_root$1
  case $podx_quiet_mounts in
    *"$podx_newline$1$podx_newline"*) podx_add "$podx_path" ;;
  esac
}

# The mount table. A shell's `read` costs two system calls for each byte, so `head` reads it where
# there is one and a fork may be; it bounds what is kept in memory, too.
podx_mountinfo() {
  podx_frame mountinfo
  podx_quiet_mounts=$podx_newline podx_count=0
  [ -r "/proc/$podx_self/mountinfo" ] || return 0
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
    while IFS= read -r podx_line; do podx_mounted "$podx_line"; done \
      2>/dev/null <"/proc/$podx_self/mountinfo"
  fi
}

podx_mounted() {
  podx_count=$((podx_count + 1))
  if [ "$podx_count" -le 400 ]; then
    podx_out=$podx_out$1$podx_newline
    [ "${#podx_out}" -lt "$podx_max_out" ] || podx_flush
  fi
  # ID PARENT DEVICE ROOT POINT OPTIONS ... - TYPE SOURCE OPTIONS
  case ${1##* - } in
    "tmpfs "* | "overlay "* | "ext4 "* | "ext3 "* | "xfs "* | "btrfs "*)
      podx_rest=${1#* * * * }
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

# The paths of all files, each ended by a null byte; forks nothing. Leaves the names of the variables
# that hold them, until the next podx_table, in podx_regular and podx_readable.
podx_files() {
  podx_frame files
  podx_flush
  podx_regular='' podx_readable=''
  podx_table list printf '%s\000'
}

podx_digests() {
  podx_frame digests
  [ -z "$podx_readable" ] || eval "podx_hold sha256sum -- $podx_readable"
  podx_frame stats
  [ -z "$podx_regular" ] || eval "podx_hold stat -L -c '%a %u %g %s %Y %n' -- $podx_regular"
}

# -- the look ------------------------------------------------------------------------------------

podx_basics() {
  podx_frame self
  podx_say "main $podx_main"
  podx_say "self $podx_self"
  podx_say "shared $podx_shared"
  podx_say "root $podx_root"
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
  podx_frame hosts
  podx_lines "$podx_root/etc/hosts" 300
  podx_frame resolv
  podx_lines "$podx_root/etc/resolv.conf" 50
  podx_frame hostname
  if [ -z "$podx_target" ]; then
    podx_lines /proc/sys/kernel/hostname 1
  else
    podx_lines "$podx_root/etc/hostname" 1
  fi
  podx_frame limits
  podx_lines "/proc/$podx_main/limits" 20
  podx_frame tokens
  podx_step=token
  podx_declared
  podx_mountinfo
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
  [ "$#" -eq 0 ] || podx_run cat "$@"
  set --
  for podx_pid in $podx_pids_seen; do set -- "$@" "/proc/$podx_pid/cmdline"; done
  podx_frame arguments
  [ "$#" -eq 0 ] || podx_hold grep -zc '' /dev/null "$@"
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
    podx_run cat "$@"
  fi
  podx_frame fds
  podx_open=
  if [ -r "/proc/$podx_main/fd" ]; then
    set -- "/proc/$podx_main/fd"/*
    podx_open=$#
  fi
  podx_say "open ${podx_open:--}"
  podx_folders=
  podx_detailed=0
  for podx_pid in $podx_pids_seen; do
    [ "$podx_detailed" -lt "$podx_max_detailed" ] || break
    [ -r "/proc/$podx_pid/fd" ] || continue
    set -- "/proc/$podx_pid/fd"/*
    [ "$#" -le 1500 ] || continue
    podx_detailed=$((podx_detailed + 1))
    podx_folders="$podx_folders /proc/$podx_pid/fd"
  done
  # shellcheck disable=SC2086
  [ -z "$podx_folders" ] || podx_run ls -l /dev/null $podx_folders
}

podx_full() {
  podx_frame namespaces
  podx_hold ls -l "/proc/$podx_self/ns/" /proc/1/ns/
  podx_frame environment
  [ -n "$podx_target" ] || podx_run cat "/proc/$$/environ"
  podx_frame "process_environment"
  if [ -n "$podx_main" ]; then
    podx_run cat "/proc/$podx_main/environ" && podx_frame "process_environment_read"
  fi
  podx_files
  podx_digests
  podx_step=plain
  podx_declared
  podx_frame links
  podx_table links podx_hold ls -ld --
  podx_frame inodes
  podx_table mounts podx_hold ls -dLi --
  podx_frame space
  podx_table mounts podx_hold df -kP --
  podx_frame space_inodes
  podx_table mounts podx_hold df -iP --
  podx_processes
  podx_sockets
}

podx_main_program() {
  ulimit -c 0 2>/dev/null
  ulimit -t 20 2>/dev/null
  trap '' PIPE
  podx_pids_limit='' podx_pids_used='' podx_root='' podx_self=$$
  # systemd's slices write the uid's dashes as underscores.
  podx_pod_uid=${podx_pod_uid:-no-uid} podx_pod_uid_underscored=${podx_pod_uid_underscored:-no-uid}
  podx_frame "start"
  podx_frame cgroup
  podx_cgroup "$podx_cgroup_root"
  podx_lean=0
  if podx_too_tight; then podx_lean=1; fi
  podx_say "lean $podx_lean"
  podx_find
  if [ -n "$podx_target" ]; then
    podx_root=/proc/$podx_main/root podx_self=$podx_main
    podx_basics
    if [ -z "$podx_main" ] || [ ! -r "$podx_root/" ] || [ ! -x "$podx_root/" ]; then
      podx_frame denied
      podx_frame end
      podx_flush
      exit 0
    fi
    podx_frame cgroup
    podx_cgroup "$podx_root"
    podx_say "lean $podx_lean"
  else
    podx_basics
  fi
  podx_text
  if [ "$podx_lean" = 0 ]; then
    podx_watch
    podx_full
    podx_unwatch
  else
    podx_files
  fi
  podx_frame end
  podx_flush
  exit 0
}
