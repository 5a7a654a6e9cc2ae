"""Everything that `up` needs on disk: binaries and images, built once per set of versions."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cache
import debian
import gobuild
import images
import versions


@dataclass(frozen=True)
class Artefacts:
    folder: Path

    @property
    def binaries(self) -> Path:
        return self.folder / "bin"

    @property
    def images(self) -> Path:
        return self.folder / f"images-{images.recipe_digest()}"


def locate() -> Artefacts:
    wanted = versions.load()
    recipes = gobuild.required(wanted) + gobuild.extras(wanted)
    key = cache.digest(json.dumps([asdict(recipe) for recipe in recipes], sort_keys=True))
    return Artefacts(cache.cache_root() / f"{wanted.kubernetes}-{key}")


def build(*, with_extras: bool = False) -> Artefacts:
    artefacts = locate()
    wanted = versions.load()
    recipes = gobuild.required(wanted) + (gobuild.extras(wanted) if with_extras else [])
    with cache.only_one_builder(artefacts.folder):
        artefacts.binaries.mkdir(exist_ok=True)
        debian.install_missing()
        for recipe in recipes:
            gobuild.build(recipe, artefacts.binaries, artefacts.folder / "go")
        images.build(artefacts.images, wanted.images, artefacts.binaries)
    return artefacts
