"""What an archive is made of, as SPDX 2.3: packages, the interpreter, its libraries, every file."""

import hashlib
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from distribution import project
from distribution.manifest import digest
from distribution.project import NAME

_ARCHIVE = "SPDXRef-archive"
# Where each comes from, and its licence: what no package of Python tells.
_SOURCES = {
    "openssl": ("Apache-2.0", "pkg:generic/openssl"),
    "zlib": ("Zlib", "pkg:generic/zlib"),
    "expat": ("MIT", "pkg:generic/expat"),
    "libyaml": ("MIT", "pkg:generic/libyaml"),
}


def write(archive: Path, made_of: dict[str, Any]) -> Path:
    """The SBOM of the archive, beside it."""
    out = project.sbom_path(archive)
    text = json.dumps(document(archive, made_of), indent=1) + "\n"
    out.write_text(text, encoding="utf-8", newline="\n")
    return out


def document(archive: Path, contents: dict[str, Any]) -> dict[str, Any]:
    number = project.version()
    whole = _package(_ARCHIVE, NAME, number, "Apache-2.0", _pypi(NAME, number))
    files = _files(archive)
    whole |= {
        "packageFileName": archive.name,
        "filesAnalyzed": True,
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest(archive)}],
        "packageVerificationCode": {"packageVerificationCodeValue": _code(files)},
    }
    parts = [_of_python(one) for one in contents["packages"] if one["name"].lower() != NAME]
    parts += _not_of_python(contents)
    made = datetime.fromtimestamp(project.epoch(), UTC)
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": archive.name,
        "documentNamespace": f"{project.url()}/spdx/{archive.name}-{digest(archive)}",
        "creationInfo": {
            "created": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: {NAME}-hack-dist"],
        },
        "packages": [whole, *parts],
        "files": files,
        "relationships": [
            _related("SPDXRef-DOCUMENT", "DESCRIBES", _ARCHIVE),
            *(_related(_ARCHIVE, "CONTAINS", one["SPDXID"]) for one in (*parts, *files)),
        ],
    }


def _not_of_python(contents: dict[str, Any]) -> list[dict[str, Any]]:
    """The interpreter, what is linked into it, and the program that starts it."""
    number, starter = contents["python"], contents["pyinstaller"]
    terms = "GPL-2.0-or-later WITH Bootloader-exception"
    found = [
        _package("SPDXRef-python", "python", number, "PSF-2.0", f"pkg:generic/python@{number}"),
        _package("SPDXRef-start", "pyinstaller", starter, terms, _pypi("pyinstaller", starter)),
    ]
    for name, number in contents["libraries"].items():
        terms, where = _SOURCES[name]
        if number:
            found.append(_package(f"SPDXRef-lib-{name}", name, number, terms, f"{where}@{number}"))
    return found


def _package(identity: str, name: str, version: str, terms: str, purl: str) -> dict[str, Any]:
    return {
        "SPDXID": identity,
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": terms if _is_expression(terms) else "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl,
            }
        ],
    }


def _of_python(one: dict[str, str]) -> dict[str, Any]:
    name, number = one["name"], one["version"]
    return _package(
        f"SPDXRef-pypi-{_identity(name)}", name, number, one["license"], _pypi(name, number)
    )


def _pypi(name: str, version: str) -> str:
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"


def _identity(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name)


def _is_expression(terms: str) -> bool:
    """Older packages put a name or the whole text where an expression of SPDX belongs."""
    return terms in _EXPRESSIONS


_EXPRESSIONS = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-2.0-or-later WITH Bootloader-exception",
    "MIT", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip


def _files(archive: Path) -> list[dict[str, Any]]:
    found = []
    with tarfile.open(archive) as tar:
        for number, entry in enumerate(tar.getmembers()):
            content = tar.extractfile(entry)
            if content is None:
                continue
            data = content.read()
            found.append(
                {
                    "SPDXID": f"SPDXRef-file-{number}",
                    "fileName": f"./{entry.name}",
                    "checksums": [
                        # SPDX 2.3 asks for this one of every file.
                        {"algorithm": "SHA1", "checksumValue": _sha1(data)},
                        {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()},
                    ],
                    "licenseConcluded": "NOASSERTION",
                    "copyrightText": "NOASSERTION",
                }
            )
    return found


def _code(files: list[dict[str, Any]]) -> str:
    """SPDX 2.3, 7.9: the SHA1 of all files' SHA1, sorted and joined."""
    sums = sorted(one["checksums"][0]["checksumValue"] for one in files)
    return _sha1("".join(sums).encode())


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
