"""`kubectl podx completion SHELL`: scripts for shells, and the file that kubectl asks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from kubectl_podx.cli.command import Command, option
from kubectl_podx.cli.options import connection_options
from kubectl_podx.model.errors import ExitStatus, InputError, UsageError

_HELP = """
Output shell completion code for the command 'kubectl-podx'.

'kubectl podx' itself is completed by kubectl (1.26 and newer), which runs 'kubectl_complete-podx'
from the PATH. pip, pipx and uv install that file beside the plugin. Krew does not: let podx write
it, again after each upgrade.
"""
_EXAMPLES = """
# bash
source <(kubectl podx completion bash)

# zsh
source <(kubectl podx completion zsh)

# fish
kubectl podx completion fish | source

# 'kubectl podx' after an install by Krew: the file that kubectl runs, into a folder on the PATH
kubectl podx completion kubectl --write ~/.krew/bin
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
_KUBECTL = "kubectl"
_FILE = "kubectl_complete-podx"


def _install(script: bytes, folder: Path, env: Any) -> None:
    from kubectl_podx.model.files import replace_file

    if not folder.is_dir():
        raise InputError(f"{str(folder)!a} is not a folder")
    replace_file(folder / _FILE, script, executable=True)
    found = {os.path.realpath(part) for part in env.variables.get("PATH", "").split(os.pathsep)}
    if os.path.realpath(folder) not in found:
        env.say(f"{folder} is not on the PATH: kubectl will not find {_FILE} there")
    env.write(f"{folder / _FILE}\n")


def command(name: str) -> click.Command:
    """The command `completion`."""

    @click.command(
        name,
        cls=Command,
        help=_HELP,
        examples=_EXAMPLES,
        usage=f"({' | '.join((*_SCRIPTS, _KUBECTL))}) [options]",
    )
    @click.argument("shell", type=click.Choice((*_SCRIPTS, _KUBECTL)))
    @option(
        "--write",
        "folder",
        metavar="FOLDER",
        help=f"With 'kubectl': write {_FILE} into this folder, which should be on the PATH.",
    )
    @connection_options
    @click.pass_obj
    def completion(env: Any, /, shell: str, folder: str | None, **_values: Any) -> int:
        if shell != _KUBECTL:
            if folder is not None:
                raise UsageError(
                    "--write needs 'kubectl': source the other scripts from your shell"
                )
            env.write(_SCRIPTS[shell])
            return ExitStatus.OK
        script = Path(__file__).with_name(_FILE).read_bytes()
        if folder is None:
            env.write(script.decode())
        else:
            _install(script, Path(folder), env)
        return ExitStatus.OK

    return completion
