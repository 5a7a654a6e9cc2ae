"""`kubectl podx completion SHELL`: scripts that ask `kubectl-podx __complete`."""

from __future__ import annotations

from typing import Any

import click

from kubectl_podx.cli.command import Command
from kubectl_podx.cli.options import connection_options
from kubectl_podx.model.errors import ExitStatus

_HELP = """
Output shell completion code for the command 'kubectl-podx'.

'kubectl podx' itself is completed by kubectl, which runs 'kubectl_complete-podx' from the PATH;
that file is installed beside the plugin.
"""
_EXAMPLES = """
# bash
source <(kubectl podx completion bash)

# zsh
source <(kubectl podx completion zsh)

# fish
kubectl podx completion fish | source
"""

_BASH = """\
_kubectl_podx() {
  local words line directive=""
  words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) directive="${line#:}" ;;
      *) COMPREPLY+=("${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-podx __complete "${words[@]}" 2>/dev/null)
  if [[ "$directive" == 0 && ${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o default
  fi
}
complete -F _kubectl_podx kubectl-podx
"""
_ZSH = """\
#compdef kubectl-podx
_kubectl_podx() {
  local -a choices
  local line directive=""
  while IFS= read -r line; do
    case "$line" in
      :*) directive="${line#:}" ;;
      *) choices+=("${${line//:/\\\\:}/$'\\t'/:}") ;;
    esac
  done < <(kubectl-podx __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#choices} )); then
    _describe 'podx' choices
  elif [[ "$directive" == 0 ]]; then
    _files
  fi
}
compdef _kubectl_podx kubectl-podx
"""
_FISH = """\
function __kubectl_podx_complete
    set -l words (commandline -opc) (commandline -ct)
    kubectl-podx __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c kubectl-podx -f -a '(__kubectl_podx_complete)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def command(name: str) -> click.Command:
    """The command `completion`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage=f"({' | '.join(_SCRIPTS)})",
    )
    @click.argument("shell", type=click.Choice(tuple(_SCRIPTS)))
    @connection_options
    @click.pass_obj
    def completion(env: Any, /, shell: str, **_values: Any) -> int:
        env.write(_SCRIPTS[shell])
        return ExitStatus.OK

    return completion
