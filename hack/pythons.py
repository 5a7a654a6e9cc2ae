"""Which Pythons are on this machine; `make test-versions` runs the suite once on each."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from distribution import project

VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def find(version: str) -> str | None:
    """The newest of that version, or None."""
    # pyenv keeps more of them than it has on PATH.
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    found = sorted(pyenv.glob(f"{version}.*/bin/python"))
    if found:
        return str(found[-1])
    words = [project.uv(), "python", "find", "--no-python-downloads", "--no-project", version]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def main(words: list[str]) -> None:
    """Runs pytest with these words in an environment of each version; ends with who failed."""
    failed = []
    for version in VERSIONS:
        python = find(version)
        if python is None:
            print(f"Python {version} is not on this machine")
            continue
        print(f"Python {version}: {python}", flush=True)
        run = [project.uv(), "run", "--frozen", "--no-progress", "--python", python, "pytest"]
        where = str(project.BUILD / f"test-venv-{version}")
        environment = os.environ | {"UV_PROJECT_ENVIRONMENT": where}
        done = subprocess.run([*run, *words], cwd=project.ROOT, env=environment, check=False)
        if done.returncode != 0:
            failed.append(version)
    if failed:
        raise SystemExit(f"the suite failed on {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
