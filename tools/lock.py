"""Makes the locks again: requirements*.txt with hashes, package-lock.json without addresses.

Run by `make lock`. It asks the package indexes that this machine is set up for; nothing of them stays in the locks.
It does not install anything.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent

# The lowest Python that we support: a lock made for it has markers for the others.
PYTHON: Final = "3.11"
REQUIREMENTS: Final = {
    "requirements.txt": ("--all-extras",),
    "requirements-dev.txt": ("--all-extras", "--group", "dev", "--constraint", "requirements.txt"),
}
COMPILE: Final = (
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--universal",
    "--quiet",
)
# Node's words for what package names say: @foundry-rs/anvil-darwin-amd64, @nomicfoundation/edr-linux-x64-musl.
SYSTEMS: Final = {"aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "sunos", "win32"}
PROCESSORS: Final = {"amd64": "x64", "x64": "x64", "arm64": "arm64", "ia32": "ia32"}


def lock_python(*, upgrade: bool) -> None:
    """Write both requirements files; with `upgrade`, take the newest versions that pyproject.toml allows."""
    for output, options in REQUIREMENTS.items():
        command = [str(BIN / "uv"), "pip", "compile", "pyproject.toml", "--python-version", PYTHON, *COMPILE]
        command += [*options, "--output-file", output, *(["--upgrade"] if upgrade else [])]
        subprocess.run(command, cwd=ROOT, check=True)


def lock_npm() -> None:
    """Write package-lock.json from package.json, without addresses and with what other platforms need."""
    # Twice: npm itself fills in the rest of the entries that the first pass added.
    for _ in range(2):
        subprocess.run([BIN / "npm", "install", "--package-lock-only", "--no-audit"], cwd=ROOT, check=True)
        path = ROOT / "package-lock.json"
        lock = json.loads(path.read_text(encoding="utf-8"))
        lock["packages"] = dict(sorted(complete(clean(lock["packages"])).items()))
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def clean(packages: dict[str, Any]) -> dict[str, Any]:
    """Leave out `resolved` and `funding`: both are addresses, and the first would tie the lock to one registry."""
    left_out = {"resolved", "funding"}
    return {
        path: {name: value for name, value in package.items() if name not in left_out}
        for path, package in packages.items()
    }


def complete(packages: dict[str, Any]) -> dict[str, Any]:
    """Add an entry for every optional dependency that the lock names but does not hold.

    A registry that holds only some platforms' packages makes such a lock, and `npm ci` then refuses it
    ("Missing: NAME from lock file") although this platform has all that it needs.
    """
    added = dict(packages)
    for package in packages.values():
        for name, version in package.get("optionalDependencies", {}).items():
            if not any(path.endswith(f"node_modules/{name}") for path in packages):
                added[f"node_modules/{name}"] = {"version": version, **platform_of(name), "optional": True}
    return added


def platform_of(name: str) -> dict[str, list[str]]:
    """Read which system and processor a package is for from its name."""
    words = re.split(r"[-/]", name)
    systems = [word for word in words if word in SYSTEMS]
    processors = [PROCESSORS[word] for word in words if word in PROCESSORS]
    if not systems or not processors:
        message = f"{name} is in no registry here, and its name does not say what platform it is for"
        raise SystemExit(message)
    libc = {"gnu": "glibc", "musl": "musl"}.get(words[-1])
    return {"cpu": processors, **({"libc": [libc]} if libc else {}), "os": systems}


def main(arguments: list[str]) -> None:
    """Lock everything; `--upgrade` takes newer Python packages, package.json names npm's versions itself."""
    lock_python(upgrade="--upgrade" in arguments)
    lock_npm()


if __name__ == "__main__":
    main(sys.argv[1:])
