"""Where the frozen program begins."""

from kubectl_podx.__main__ import run

run()
