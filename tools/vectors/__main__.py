"""Write vectors/ again from fixed keys and times: git shows a difference only where a format changed."""

from collections.abc import Iterator

from tools.vectors import (
    attested,
    certificates,
    documents,
    forgeries,
    log,
    omissions,
    sealed,
    state,
    status_proofs,
    tiles,
    tree,
    trust,
    trust_possession,
    trust_roots,
    trust_voided,
    values,
    verification,
    webhooks,
)
from tools.vectors.case import FOLDER, Case


def all_cases() -> Iterator[Case]:
    """Yield every vector."""
    for module in (
        values,
        documents,
        certificates,
        attested,
        sealed,
        tree,
        tiles,
        log,
        state,
        trust,
        trust_possession,
        trust_roots,
        trust_voided,
        verification,
        forgeries,
        status_proofs,
        omissions,
        webhooks,
    ):
        yield from module.cases()


def all_files() -> dict[str, bytes]:
    """Return the content of every vector file, by its path below vectors/.

    Raises:
        ValueError: two cases have one path.
    """
    files: dict[str, bytes] = {}
    for case in all_cases():
        if case.path in files:
            message = f"two vectors at {case.path}"
            raise ValueError(message)
        files[case.path] = case.to_bytes()
    return files


def main() -> None:
    """Write every vector and remove files that no case makes any more."""
    files = all_files()
    for path, data in files.items():
        target = FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for stale in FOLDER.rglob("*.json"):
        if str(stale.relative_to(FOLDER)) not in files:
            stale.unlink()
    print(f"{len(files)} vectors in {FOLDER}")


if __name__ == "__main__":
    main()
