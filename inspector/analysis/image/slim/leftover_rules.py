"""Which leftovers clean lets go, at which risk, and what of them stays nevertheless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inspector.analysis.image.leftover_kinds import kinds_in
from inspector.analysis.image.slim.commands import Named
from inspector.analysis.image.slim.owners import Ownership, PackageName, final_of, folders_above, normal_name, ownership
from inspector.analysis.image.slim.patterns import paths_by_kind
from inspector.analysis.image.slim.tools_in_use import tools_in_use
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import Symlinks
from inspector.records.image import ImageConfig
from inspector.records.image_contents import Packages
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LeftoverKind
from inspector.records.slimming import Risk


@dataclass(frozen=True, slots=True)
class Rule:
    """What clean does with a kind of leftover unless told otherwise, and why."""

    goes: bool
    risk: Risk
    reason: str


RULES: Final[Mapping[LeftoverKind, Rule]] = {
    "package caches": Rule(True, "none", "package managers fetch them again when asked to"),
    "build tools": Rule(
        True,
        "medium",
        "nothing that serves builds software, unless kernels are compiled while serving; what the start names or other "
        "packages depend on stays, and package databases still list what is gone",
    ),
    "headers": Rule(True, "low", "only compilers read them; torch.compile, Triton and CuPy may bring one along"),
    "static libraries": Rule(True, "none", "only linkers read them"),
    "tests": Rule(True, "low", "tests of installed packages; a few packages import their own"),
    "docs": Rule(True, "none", "nobody reads manuals in a container; copyright and license files stay"),
    "locales": Rule(True, "low", "translations; C.utf8 stays, and what LANG and LC_ALL name"),
    "bytecode": Rule(False, "medium", "it pays at every start: without it Python compiles every module anew"),
    "same content twice": Rule(True, "low", "becomes hard links where owner, mode, time and attributes are equal"),
    "CUDA twice": Rule(False, "high", "which copy is loaded shows only when it runs: name it to drop it"),
    "CUDA without use": Rule(False, "high", "whether a program looks for it shows only when it runs: name it to drop it"),
    "weights twice": Rule(False, "high", "which variant is loaded only the code knows: name it to drop it"),
}
"""In order: a file of several kinds goes as one of the first."""

_COMPILES_WHILE_SERVING: Final = re.compile(
    r"triton|pytorch-triton.*|cupy(?:-.*)?|pycuda|vllm|deepspeed|flashinfer.*|tilelang|apache-tvm|cppyy|xformers|llama-cpp-python"
)
"""Python packages that may call a compiler when they are asked for something."""
_FOR_COMPILING: Final[tuple[LeftoverKind, ...]] = ("build tools", "headers", "static libraries")
_LICENSE: Final = re.compile(
    r"(?:copyright|licen[cs]es?|notices?|copying|eula|third.?party|authors?|patents?)(?:$|[-_.\d].*)|.*[-_.](?:licen[cs]e|notice|copyright)",
    re.IGNORECASE,
)
_RUNTIME_LIBRARY: Final = re.compile(
    r"lib(?:gcc_s|stdc\+\+|gomp|gfortran|quadmath|atomic|itm|objc|ssp|gcc|c\+\+|c\+\+abi|unwind|omp)(?:-[0-9a-f]{8})?\.so[\d.]*"
)
_NO_LOCALE: Final = frozenset(("", "C", "POSIX"))
_LONGEST: Final = 255


def rules_for(inspection: ImageInspection) -> Mapping[LeftoverKind, Rule]:
    """Return the rules of an image: compilers and headers are missed sooner where a package compiles while it serves."""
    packages = inspection.packages.packages if inspection.packages is not None else ()
    names = {normal_name(one.name) for one in packages if one.kind == "python"}
    compiling = sorted(name for name in names if _COMPILES_WHILE_SERVING.fullmatch(name))
    if not compiling:
        return RULES
    reason = f"{', '.join(compiling[:3])} may compile while serving"
    changed = {kind: Rule(True, "high", f"{reason}; {RULES[kind].reason}") for kind in _FOR_COMPILING}
    return {kind: changed.get(kind, rule) for kind, rule in RULES.items()}


class Staying:
    """Tells which leftovers stay whatever their kind: what the image names, licenses, the locale that is set."""

    def __init__(self, inspection: ImageInspection, named: Named) -> None:
        """named is what the image's start and health check name."""
        self._named = named
        self._owned: Ownership = ownership(inspection)
        packages = inspection.packages or Packages()
        stored = Stored(inspection.image.layers, final_of(inspection))
        self.tools: frozenset[PackageName] = tools_in_use(stored, packages, self._owned, named)
        """Build tools that are needed by what stays."""
        self._locales = _locale_names(inspection.image.config)
        self._linked_caches = _linked_caches(inspection)
        self._modules = tuple(place for module in sorted(named.modules) for place in _places_of(module))

    def stays(self, path: str, kind: LeftoverKind) -> bool:
        """Tell whether a file of a kind that goes is to stay."""
        if path in self._named.paths or self._is_named_module(path):
            return True
        name = path.rpartition("/")[2][:_LONGEST]
        if kind == "package caches":
            return self._is_linked_cache(path)
        if kind == "docs":
            return _LICENSE.fullmatch(name) is not None
        if kind == "locales":
            return self._is_used_locale(path, name)
        if kind == "headers":
            return name == "pyconfig.h" or self._owned.of_path.get(path) in self.tools
        if kind == "build tools":
            return self._owned.of_path.get(path) in self.tools or _RUNTIME_LIBRARY.fullmatch(name) is not None
        return False

    def _is_linked_cache(self, path: str) -> bool:
        """Tell whether an installed file is a symlink to a cached one, as uv and conda may install."""
        linked = self._linked_caches
        return bool(linked) and (path in linked or not linked.isdisjoint(folders_above(path)))

    def _is_named_module(self, path: str) -> bool:
        return any(place in f"/{path}" for place in self._modules)

    def _is_used_locale(self, path: str, name: str) -> bool:
        if name in ("locale.alias", "locale-archive"):
            return name == "locale.alias" or bool(self._locales)
        return not self._locales.isdisjoint(path.split("/"))


def _linked_caches(inspection: ImageInspection) -> frozenset[str]:
    """Return what symlinks that lie in no package cache lead to, where the image has such caches."""
    if not paths_by_kind(inspection).get("package caches"):
        return frozenset()
    entries = final_of(inspection).entries
    symlinks = Symlinks(entries)
    links = [path for path, placed in entries.items() if placed.entry.kind == "symlink" and not _is_cached(path)]
    return frozenset(real for path in links if (real := symlinks.real(path)))


def _is_cached(path: str) -> bool:
    return any(kind == "package caches" for kind, _ in kinds_in(path.rpartition("/")[0], (path,), ()))


def _places_of(module: str) -> tuple[str, ...]:
    """Return what the paths of a module have in them, those of the modules beside it included where it lies deep."""
    place = f"/{module.replace('.', '/')}"
    above = place.rpartition("/")[0]
    return (f"{place}/", f"{place}.py", *((f"{above}/",) if above.count("/") > 1 else ()))


def _locale_names(config: ImageConfig) -> frozenset[str]:
    """Return what folders of the locales that are set may be called: de_DE.UTF-8, de_DE.utf8, de_DE, de."""
    names: set[str] = set()
    for variable, value in config.environment:
        if variable in ("LANG", "LANGUAGE") or variable.startswith("LC_"):
            for one in value.split(":")[:16]:
                plain, _, modifier = one.partition("@")
                language, _, codeset = plain.partition(".")
                if language not in _NO_LOCALE and "/" not in one:
                    normal = codeset.lower().replace("-", "")
                    endings = ("", f"@{modifier}") if modifier else ("",)
                    forms = (plain, language, language.partition("_")[0], f"{language}.{normal}")
                    names.update(f"{form}{ending}" for form in forms for ending in endings)
    return frozenset(names)
