"""The cluster whose node is this machine, one for each checkout."""

import bringup
import build
import health
import made
from layout import of_this_checkout


def up() -> None:
    made.up(of_this_checkout(), build.build, bringup.run)


def down() -> None:
    made.down(of_this_checkout())


def problem() -> str:
    return health.problem(of_this_checkout())


def environment() -> dict[str, str]:
    return made.environment(of_this_checkout())
