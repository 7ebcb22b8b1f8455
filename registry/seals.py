"""What the log has sealed for anchoring so far: read only, for whoever rebuilds the rows of anchoring."""

from sqlalchemy import select

from certlog.digests import RootHash
from registry.database import Database
from registry.publisher import SealedHead
from registry.tables import checkpoints, seals


def stored_seals(database: Database, origin: str) -> tuple[SealedHead, ...]:
    """Return every sealed head that is signed, by rising number."""
    query = (
        select(seals.c.number, checkpoints.c.size, checkpoints.c.root, checkpoints.c.note)
        .join(checkpoints, checkpoints.c.size == seals.c.size)
        .order_by(seals.c.number)
    )
    with database.reading() as connection:
        return tuple(
            SealedHead(origin, row.number, row.size, RootHash(row.root), row.note)
            for row in connection.execute(query)
        )
