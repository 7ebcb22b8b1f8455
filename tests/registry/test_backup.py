"""Backup, restore, and what a restored registry does: nothing, until it knows what was signed last."""

import io
import itertools
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from certlog.canonical import canonicalize
from certlog.digests import RootHash
from certlog.errors import CertlogError, InvalidInput, NotTrusted, Unavailable
from certlog.strict_json import get_object, parse_object
from certlog.tree import EMPTY_ROOT
from cli.backup import NAMES, back_up, put_back
from cli.reseed import Witnessed, highest_head, require_all_of_it, reseed_head
from registry.data_folder import DataFolder
from registry.last_signed_head import LastSignedHeadFile, SignedHead, SigningHalted
from storage import archive
from storage.archive import read_archive, write_archive
from tests.support.controls import Control, require_noticed
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, as_submission, open_world


def issue(world: RegistryWorld, count: int = 1) -> None:
    for _ in range(count):
        slot = world.slot()
        world.logged(as_submission(world.certificate(slot=slot), slot))
    world.publisher.tick()


def head_of(world: RegistryWorld) -> SignedHead:
    head = world.registry.head()
    return SignedHead(head.size, head.root)


@pytest.fixture
def backup(enrolled: RegistryWorld, tmp_path: Path) -> Path:
    """Return a backup of a registry with three certificates."""
    issue(enrolled, 3)
    back_up(enrolled.folder, tmp_path / "backup.tar", enrolled.surroundings)
    return tmp_path / "backup.tar"


@pytest.fixture
def new_database(cluster: Cluster | None) -> Iterator[str | None]:
    """Return an empty database of the kind that this run is about; None is SQLite in the folder."""
    if cluster is None:
        yield None
        return
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def restored(
    enrolled: RegistryWorld, backup: Path, new_database: str | None, tmp_path: Path
) -> Iterator[RegistryWorld]:
    """Return the registry that the backup makes, opened and not started."""
    folder = DataFolder(tmp_path / "restored")
    put_back(backup, folder, enrolled.folder.path / "keys", new_database)
    world = open_world(folder.path)
    world.numbers = itertools.count(1000)
    yield world
    world.close()


def reseed(world: RegistryWorld, head: SignedHead) -> None:
    LastSignedHeadFile(world.folder.last_signed_head, world.origin).reseed(head)


def tampered(backup: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> Path:
    """Return a copy of a backup whose files went through `change`."""
    target = backup.with_name("tampered.tar")
    with tarfile.open(backup) as old, tarfile.open(target, "w") as new:
        for entry in old.getmembers():
            opened = old.extractfile(entry)
            assert opened is not None
            name, data = change(entry.name, opened.read())
            info = tarfile.TarInfo(name)
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    return target


def test_a_restored_registry_holds_what_was_backed_up(
    enrolled: RegistryWorld, restored: RegistryWorld
) -> None:
    size, head = enrolled.registry.size(), head_of(enrolled)
    reseed(restored, head)
    restored.publisher.start()
    entries = [
        [registry.entry(i) for i in range(size)] for registry in (restored.registry, enrolled.registry)
    ]
    assert entries[0] == entries[1]
    issue(restored)
    assert head_of(restored).size > size


def test_nothing_secret_is_in_a_backup(enrolled: RegistryWorld, backup: Path) -> None:
    with tarfile.open(backup) as tar:
        assert set(tar.getnames()) - {"manifest.json"} <= set(NAMES)
    assert backup.stat().st_mode & 0o777 == 0o600
    written = backup.read_bytes()
    for path in (enrolled.folder.path / "keys").iterdir():
        assert path.read_bytes() not in written
        assert path.read_bytes().splitlines()[1] not in written
    assert b"last-signed-head" not in written


def test_a_restored_registry_signs_nothing_before_it_is_told(restored: RegistryWorld) -> None:
    assert not restored.folder.last_signed_head.exists()
    with pytest.raises(SigningHalted, match="is lost, so nothing is signed.*reseed-head"):
        restored.publisher.start()


def test_a_backup_that_is_behind_a_mirror_refuses_to_go_on(
    enrolled: RegistryWorld, restored: RegistryWorld
) -> None:
    issue(enrolled, 2)
    mirrored = Witnessed(head_of(enrolled), "https://mirror.example.vn")
    highest = highest_head(restored.registry.database, [mirrored])
    assert highest == mirrored
    reseed(restored, highest.head)
    with pytest.raises(
        Unavailable, match="mirror.example.vn holds .* are missing here.*Restore a newer backup"
    ):
        require_all_of_it(restored.registry.database, highest)
    with pytest.raises(SigningHalted, match="an old backup has been restored"):
        restored.publisher.start()


def test_the_highest_of_all_that_hold_a_head_decides(enrolled: RegistryWorld) -> None:
    issue(enrolled)
    old = Witnessed(head_of(enrolled), "an old mirror")
    issue(enrolled)
    database = enrolled.registry.database
    assert highest_head(database, [old]).head == head_of(enrolled)
    assert highest_head(database, [Witnessed(SignedHead(0, EMPTY_ROOT), "a new cosigner")]).head == head_of(
        enrolled
    )
    with pytest.raises(InvalidInput, match="name somebody who may hold a head"):
        highest_head(database, [])


def test_the_command_notes_the_mirrors_head_and_says_what_is_missing(
    enrolled: RegistryWorld, restored: RegistryWorld, tmp_path: Path
) -> None:
    issue(enrolled, 2)
    (tmp_path / "mirror.txt").write_text(enrolled.registry.checkpoint())
    arguments = ["--data", str(restored.folder.path), "--checkpoint", str(tmp_path / "mirror.txt")]
    with pytest.raises(Unavailable, match="are missing here"):
        CliRunner().invoke(reseed_head, arguments, catch_exceptions=False)
    noted = LastSignedHeadFile(restored.folder.last_signed_head, restored.origin).read()
    assert (noted.size, noted.root) == (head_of(enrolled).size, head_of(enrolled).root)


def test_two_mirrors_that_hold_different_heads_of_one_size_are_refused(enrolled: RegistryWorld) -> None:
    issue(enrolled)
    beyond = head_of(enrolled).size + 5
    held = [Witnessed(SignedHead(beyond, RootHash(bytes([fill]) * 32)), f"mirror {fill}") for fill in (1, 2)]
    assert highest_head(enrolled.registry.database, held[:1]) == held[0]
    with pytest.raises(NotTrusted, match="two histories"):
        highest_head(enrolled.registry.database, held)


def test_a_head_of_another_history_is_refused(enrolled: RegistryWorld) -> None:
    issue(enrolled)
    head = head_of(enrolled)
    other = Witnessed(SignedHead(head.size - 1, head.root), "a mirror")
    with pytest.raises(NotTrusted, match="two histories"):
        highest_head(enrolled.registry.database, [other])


@pytest.mark.parametrize("name", ["registry.db", "settings.toml", "trust-root.json"])
def test_a_damaged_backup_is_refused(enrolled: RegistryWorld, backup: Path, name: str) -> None:
    def damage(found: str, data: bytes) -> tuple[str, bytes]:
        middle = len(data) // 2
        return found, data[:middle] + bytes([data[middle] ^ 1]) + data[
            middle + 1 :
        ] if found == name else data

    refused(enrolled, tampered(backup, damage), InvalidInput, f"{name} is damaged")


def test_a_file_that_is_longer_than_its_manifest_says_is_refused(
    enrolled: RegistryWorld, backup: Path
) -> None:
    def lengthen(found: str, data: bytes) -> tuple[str, bytes]:
        return found, data + b"# more" if found == "settings.toml" else data

    refused(enrolled, tampered(backup, lengthen), InvalidInput, "settings.toml is damaged")


def test_a_backup_brings_no_other_file(enrolled: RegistryWorld, backup: Path) -> None:
    def smuggle(found: str, data: bytes) -> tuple[str, bytes]:
        if found == "manifest.json":
            manifest = parse_object(data, max_bytes=10_000)
            get_object(manifest, "files")["last-signed-head.json"] = {"bytes": 2, "sha256": "00" * 32}
            return found, canonicalize(manifest)
        return found, data

    refused(enrolled, tampered(backup, smuggle), InvalidInput, "a backup holds no 'last-signed-head.json'")


@pytest.mark.parametrize(
    ("member", "value", "match"),
    [
        ("v", 2, "expected a backup of version 1, found 2"),
        ("size", 1, "holds another log than its manifest says"),
        ("origin", "khac.example.vn", "holds another log than its manifest says"),
    ],
)
def test_a_manifest_that_speaks_of_another_backup_is_refused(
    enrolled: RegistryWorld, backup: Path, member: str, value: str | int, match: str
) -> None:
    def change(found: str, data: bytes) -> tuple[str, bytes]:
        if found == "manifest.json":
            return found, canonicalize(parse_object(data, max_bytes=10_000) | {member: value})
        return found, data

    refused(enrolled, tampered(backup, change), InvalidInput, match)


def test_a_link_in_a_backup_is_not_followed(enrolled: RegistryWorld, backup: Path) -> None:
    target = backup.with_name("linked.tar")
    with tarfile.open(backup) as old, tarfile.open(target, "w") as new:
        for entry in old.getmembers():
            opened = old.extractfile(entry)
            if entry.name == "settings.toml":
                entry.type, entry.linkname, entry.size = tarfile.LNKTYPE, "registry.db", 0
            new.addfile(entry, opened)

    refused(enrolled, target, InvalidInput, "expected the file 'settings.toml' next")


def test_half_a_backup_is_refused(enrolled: RegistryWorld, backup: Path) -> None:
    data = backup.read_bytes()
    backup.write_bytes(data[: len(data) // 2])
    refused(enrolled, backup, InvalidInput, "not a whole one|is damaged")


def member(name: str, kind: bytes, size: bytes) -> bytes:
    """Return the header of a member of any kind and size, with a checksum that is right."""
    info = tarfile.TarInfo(name)
    info.type = kind
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    return bytes(header)


KINDS = {
    "link": tarfile.LNKTYPE, "symbolic link": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE,
    "holes": tarfile.GNUTYPE_SPARSE, "long name": tarfile.GNUTYPE_LONGNAME,
    "extension": tarfile.XHDTYPE, "plain": tarfile.REGTYPE,
}  # fmt: skip
SIZES = {"negative": -512, "a petabyte": 10**15, "nothing": 0}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_backup_with_a_lying_or_odd_member_is_refused(tmp_path: Path, kind: str, size: str) -> None:
    path, folder = tmp_path / "odd.tar", tmp_path / "new"
    folder.mkdir()
    (tmp_path / "log").write_bytes(b"entries")
    write_archive(path, {"registry.db": tmp_path / "log"}, origin="o", made="m", size=1)
    whole, length = path.read_bytes(), b"\xff" if SIZES[size] < 0 else b"\x80"
    length += SIZES[size].to_bytes(11, "big", signed=True)
    for name, before in (("manifest.json", 0), ("registry.db", 1024)):
        path.write_bytes(whole[:before] + member(name, KINDS[kind], length) + whole[before:])
        with pytest.raises(
            InvalidInput, match="expected the file|is damaged|manifest cannot be read|not a backup"
        ):
            read_archive(path, folder, ["registry.db"])
        (folder / "registry.db").unlink(missing_ok=True)


def test_a_reader_of_links_and_holes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_plain_files_are_read() -> None:
        path, folder = tmp_path / "odd.tar", tmp_path / "new"
        folder.mkdir(exist_ok=True)
        (tmp_path / "log").write_bytes(b"entries")
        path.unlink(missing_ok=True)
        write_archive(path, {"registry.db": tmp_path / "log"}, origin="o", made="m", size=1)
        data = path.read_bytes()
        header = member("registry.db", tarfile.GNUTYPE_SPARSE, b"%011o\0" % len(b"entries"))
        path.write_bytes(data[:1024] + header + data[1536:])
        with pytest.raises(InvalidInput, match="expected the file 'registry.db' next"):
            read_archive(path, folder, ["registry.db"])

    defect = Control(archive, "_PLAIN", (*archive._PLAIN, tarfile.GNUTYPE_SPARSE), only_plain_files_are_read)
    require_noticed(defect, monkeypatch)


def refused(world: RegistryWorld, backup: Path, error: type[CertlogError], match: str) -> None:
    folder = DataFolder(backup.with_name("restored"))
    with pytest.raises(error, match=match):
        put_back(backup, folder, world.folder.path / "keys", None)
    assert not folder.path.exists()
    assert [path.name for path in backup.parent.glob(".*")] == []


def test_a_row_that_the_entries_do_not_say_is_found_at_restore(
    enrolled: RegistryWorld, tmp_path: Path
) -> None:
    issue(enrolled, 2)
    enrolled.place.damage("UPDATE certificates SET issuer = 'did:web:khac.example.vn'")
    back_up(enrolled.folder, tmp_path / "backup.tar", enrolled.surroundings)
    refused(enrolled, tmp_path / "backup.tar", Unavailable, "table certificates: stored")


def test_the_keys_must_be_those_of_the_log(enrolled: RegistryWorld, backup: Path, tmp_path: Path) -> None:
    keys = shutil.copytree(enrolled.folder.path / "keys", tmp_path / "other-keys")
    shutil.copyfile(keys / "list.key", keys / "log.key")
    with pytest.raises(InvalidInput, match="the log in the backup was made with"):
        put_back(backup, DataFolder(tmp_path / "restored"), keys, None)
    assert not (tmp_path / "restored").exists()


def test_a_database_that_holds_a_log_is_not_restored_over(
    enrolled: RegistryWorld, backup: Path, postgres: Cluster
) -> None:
    name, keys = postgres.create(), enrolled.folder.path / "keys"
    put_back(backup, DataFolder(backup.with_name("first")), keys, postgres.url(name))
    before = sorted(backup.parent.iterdir())
    with pytest.raises(InvalidInput, match="holds the log .* already; choose an empty one"):
        put_back(backup, DataFolder(backup.with_name("second")), keys, postgres.url(name))
    assert sorted(backup.parent.iterdir()) == before
    postgres.drop(name)


def test_a_registry_is_not_restored_without_its_list_key(
    enrolled: RegistryWorld, backup: Path, tmp_path: Path
) -> None:
    keys = shutil.copytree(enrolled.folder.path / "keys", tmp_path / "half-the-keys")
    (keys / "list.key").unlink()
    with pytest.raises((InvalidInput, Unavailable), match="list.key"):
        put_back(backup, DataFolder(tmp_path / "restored"), keys, None)
    assert not (tmp_path / "restored").exists()


def test_keys_are_restored_for_their_owner_only(restored: RegistryWorld) -> None:
    keys = list(restored.folder.log_key.parent.iterdir())
    assert {path.name: path.stat().st_mode & 0o777 for path in keys} == {
        "log.key": 0o600,
        "list.key": 0o600,
    }


def test_neither_a_backup_nor_a_registry_is_written_over(enrolled: RegistryWorld, backup: Path) -> None:
    with pytest.raises(InvalidInput, match="never written over another"):
        back_up(enrolled.folder, backup, enrolled.surroundings)
    with pytest.raises(InvalidInput, match="exists and is not empty"):
        put_back(backup, enrolled.folder, enrolled.folder.path / "keys", None)
