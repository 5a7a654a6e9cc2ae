"""Everything that `up` needs on disk: binaries and images, built once per set of versions."""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cache
import criobuild
import debian
import gobuild
import images
import versions
from gobuild import Recipe
from versions import Versions


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
    """What the environment asks for; the default is built in one folder, and another cluster's is
    put together from what was built for each of its parts."""
    wanted = versions.load()
    if wanted == versions.default():
        return _default()
    parts = [asdict(recipe) for recipe in _parts(wanted)]
    name = f"{wanted.kubernetes}-{wanted.runtime}"
    return Artefacts(cache.cache_root() / f"{name}-{_key(parts)}")


def build(*, with_extras: bool = False) -> Artefacts:
    artefacts, wanted = locate(), versions.load()
    if artefacts == _default():
        recipes = gobuild.required(wanted) + (gobuild.extras(wanted) if with_extras else [])
        with cache.only_one_builder(artefacts.folder):
            _compile(artefacts, recipes)
            images.build(artefacts.images, wanted.images, artefacts.binaries)
        return artefacts
    sources = _build_parts(wanted, with_extras=with_extras)
    with cache.only_one_builder(artefacts.folder):
        artefacts.binaries.mkdir(exist_ok=True)
        for source in sources:
            _link(source, artefacts.binaries / source.name)
        images.build(artefacts.images, wanted.images, artefacts.binaries)
    return artefacts


def _default() -> Artefacts:
    wanted = versions.default()
    recipes = gobuild.required(wanted) + gobuild.extras(wanted)
    key = _key([asdict(recipe) for recipe in recipes])
    return Artefacts(cache.cache_root() / f"{wanted.kubernetes}-{key}")


def _key(document: object) -> str:
    return cache.digest(json.dumps(document, sort_keys=True))


def _parts(wanted: Versions) -> list[Recipe]:
    runtime = gobuild.crio(wanted) if wanted.runtime == "crio" else gobuild.containerd(wanted)
    return [gobuild.kubernetes(wanted), runtime, *gobuild.shared(wanted)]


def _build_parts(wanted: Versions, *, with_extras: bool) -> list[Path]:
    """The binaries, each in the folder of what it was built with."""
    built: list[Path] = []
    of_default = gobuild.required(versions.default())
    usual = [recipe for recipe in _parts(wanted) if recipe in of_default]
    usual += gobuild.extras(wanted) if with_extras else []
    own = [recipe for recipe in _parts(wanted) if recipe not in of_default]
    for folder, recipes in [(_default(), usual), *((_alone(one), [one]) for one in own)]:
        with cache.only_one_builder(folder.folder):
            _compile(folder, recipes)
            if recipes == [gobuild.crio(wanted)]:
                built += criobuild.build(recipes[0], folder.binaries, folder.folder / "go")
        built += [folder.binaries / name for recipe in recipes for name in recipe.binaries]
    return built


def _alone(recipe: Recipe) -> Artefacts:
    name = recipe.module.rpartition("/")[2]
    digest = _key([asdict(recipe), criobuild.digest() if name == criobuild.NAME else ""])
    return Artefacts(cache.cache_root() / f"{name}-{recipe.version}-{digest}")


def _compile(artefacts: Artefacts, recipes: Iterable[Recipe]) -> None:
    artefacts.binaries.mkdir(exist_ok=True)
    debian.install_missing(debian.FOR_CRIO if versions.load().runtime == "crio" else ())
    for recipe in recipes:
        gobuild.build(recipe, artefacts.binaries, artefacts.folder / "go")


def _link(source: Path, name: Path) -> None:
    """Takes no room, and stays whole where the folder that it comes from is deleted."""
    if name.exists() and name.samefile(source):
        return
    unfinished = name.with_name(f".{name.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(source, unfinished)
    except OSError:
        shutil.copy2(source, unfinished)
    unfinished.rename(name)
