#!/bin/sh
# Completes `kubectl podx …`. kubectl (1.26 and newer) runs this file, where it is on PATH, with the
# words after `podx`; the last one is being typed. Answers are a line each, a tab before what they
# mean, and `:DIRECTIVE` last (cobra's: 0 files too, 2 no space after, 4 no files).
#
# Words and flags stand in here, so that a TAB starts no Python; names of objects are asked of
# kubectl itself, with the connection flags that were typed. Nothing is ever said on stderr.
# Made by `make docs`; edit hack/completion.sh instead.

exec 2>/dev/null
podx_kubectl=${KUBECTL_PATH:-kubectl}
podx_tab='	'

podx_commands() {
  cat <<'TABLE'
@COMMANDS@
TABLE
}

# Commands (or `*`), a flag of theirs, what it means.
podx_flags() {
  cat <<'TABLE'
@FLAGS@
TABLE
}

podx_sections() {
  cat <<'TABLE'
@SECTIONS@
TABLE
}

# Commands (or `*`), the names of a flag of theirs, a value that it takes.
podx_values() {
  cat <<'TABLE'
@VALUES@
TABLE
}

podx_explained() {
  cat <<'TABLE'
@EXPLAINED@
TABLE
}

podx_recordings() {
  cat <<'TABLE'
@RECORDINGS@
TABLE
}

# Lines of standard input that begin with $1, each after the prefix $2; then the directive $3.
podx_choose() {
  while IFS= read -r podx_line; do
    case $podx_line in
      "$1"*) printf '%s%s\n' "$2" "$podx_line" ;;
    esac
  done
  printf ':%s\n' "$3"
  exit 0
}

# Whether the word after this flag is its value. Without a fork: a TAB waits for it.
podx_takes_value() {
  case $1 in
    @VALUED@) return 0 ;;
  esac
  return 1
}

# Names of objects as kubectl completes them: podx_ask PREFIX WORDS...
podx_ask() {
  podx_prefix=$1
  shift
  "$podx_kubectl" __complete "$@" | while IFS= read -r podx_line; do
    case $podx_line in
      :*) ;;
      *) printf '%s%s\n' "$podx_prefix" "$podx_line" ;;
    esac
  done
}

podx_kinds='deploy/ sts/ ds/ rs/ job/ cronjob/ svc/'

# -- what was typed --------------------------------------------------------------------------------

podx_count=$#
podx_index=0
podx_command='' podx_target='' podx_value=''
for podx_word in "$@"; do
  podx_index=$((podx_index + 1))
  [ "$podx_index" -lt "$podx_count" ] || break
  if [ -n "$podx_value" ]; then
    podx_value=''
  else
    case $podx_word in
      --*=*) ;;
      -*)
        if podx_takes_value "$podx_word"; then podx_value=$podx_word; fi
        ;;
      *)
        if [ -z "$podx_command" ]; then podx_command=$podx_word; else podx_target=$podx_word; fi
        ;;
    esac
  fi
done
podx_typed=${podx_word:-}

# The connection flags among the words, as they were typed, become the arguments of this script.
podx_connect() {
  podx_hold=''
  podx_index=0
  for podx_word in "$@"; do
    podx_index=$((podx_index + 1))
    shift
    [ "$podx_index" -lt "$podx_count" ] || break
    if [ -n "$podx_hold" ]; then
      set -- "$@" "$podx_hold" "$podx_word"
      podx_hold=''
      continue
    fi
    case $podx_word in
      --namespace=* | --context=* | --kubeconfig=* | --cluster=* | --user=* | --server=* | \
        --token=* | --as=* | --as-group=* | --request-timeout=*)
        set -- "$@" "$podx_word"
        ;;
      -n | --namespace | --context | --kubeconfig | --cluster | --user | -s | --server) podx_hold=$podx_word ;;
      --token | --as | --as-group | --request-timeout) podx_hold=$podx_word ;;
    esac
  done
  podx_answer "$@"
}

podx_answer() {
  podx_before=''
  case $podx_typed in
    --*=*)
      podx_value=${podx_typed%%=*}
      podx_before=$podx_value=
      podx_typed=${podx_typed#*=}
      ;;
  esac
  case $podx_value in
    -n | --namespace) podx_ask "$podx_before" get namespaces "$@" "$podx_typed" && echo :4 && exit 0 ;;
    --context) podx_ask "$podx_before" config use-context "$podx_typed" && echo :4 && exit 0 ;;
    -c | --container) podx_ask "$podx_before" exec "${podx_target#pod/}" "$@" -c "$podx_typed" && echo :4 && exit 0 ;;
    --section)
      case $podx_typed in
        *,*) podx_sections | podx_choose "${podx_typed##*,}" "$podx_before${podx_typed%,*}," 6 ;;
        *) podx_sections | podx_choose "$podx_typed" "$podx_before" 6 ;;
      esac
      ;;
    --from | -f | --filename | --preset | -O | --output-file | --kubeconfig | --certificate-authority | \
      --client-certificate | --client-key)
      echo :0
      exit 0
      ;;
    ?*)
      podx_values | while IFS=$podx_tab read -r podx_of podx_name podx_text; do
        case " $podx_of " in *" $podx_command "* | ' * ') ;; *) continue ;; esac
        case " $podx_name " in *" $podx_value "*) printf '%s\n' "$podx_text" ;; esac
      done | podx_choose "$podx_typed" "$podx_before" 4
      exit 0
      ;;
  esac
  [ -z "$podx_value" ] || exit 0
  case $podx_typed in
    -*)
      podx_flags | while IFS=$podx_tab read -r podx_of podx_name podx_text; do
        case " $podx_of " in
          *" $podx_command "* | ' * ') printf '%s\t%s\n' "$podx_name" "$podx_text" ;;
        esac
      done | podx_choose "$podx_typed" '' 4
      exit 0
      ;;
  esac
  if [ "$podx_command/$podx_target" = preset/ ]; then
    printf 'preview\nconvert\n' | podx_choose "$podx_typed" '' 4
    exit 0
  fi
  case $podx_command in
    '') podx_commands | podx_choose "$podx_typed" '' 4 ;;
    explain) podx_explained | podx_choose "$podx_typed" '' 4 ;;
    demo) podx_recordings | podx_choose "$podx_typed" '' 4 ;;
    completion) printf 'bash\nzsh\nfish\nkubectl\n' | podx_choose "$podx_typed" '' 4 ;;
    version | options) echo :4 ;;
    *)
      case $podx_typed in
        */*)
          podx_ask "${podx_typed%%/*}/" get "${podx_typed%%/*}" "$@" "${podx_typed#*/}"
          echo :4
          ;;
        *)
          podx_ask '' get pods "$@" "$podx_typed"
          podx_directive=4
          for podx_kind in $podx_kinds; do
            case $podx_kind in
              "${podx_typed:-?}"*)
                echo "$podx_kind"
                podx_directive=6
                ;;
            esac
          done
          echo ":$podx_directive"
          ;;
      esac
      ;;
  esac
  exit 0
}

podx_connect "$@"
