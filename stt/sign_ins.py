"""Who has signed in with which browser, where `STT_ACCESS` is `login`."""

from __future__ import annotations

import contextlib
import time

import sqlalchemy as sa

from stt.database import database, sign_ins

RENEWED = 3600  # seconds after which a visit is noted again, so that the month begins anew
SIGNED_IN_FOR = 30 * 24 * 3600  # seconds, as long as Streamlit's own cookie


def sign_in(visitor_name: str, owner: str) -> None:
    """From now on this visitor is `owner`. One that has signed out stays out: its browser has a new name by now."""
    now = time.time()
    mine = sign_ins.c.visitor == visitor_name
    with database().connect() as connection:
        known = connection.execute(sa.select(sign_ins.c.owner, sign_ins.c.at).where(mine)).first()
    if known is not None and (known.owner is None or (known.owner == owner and known.at > now - RENEWED)):
        return
    with contextlib.suppress(sa.exc.IntegrityError), database().begin() as connection:  # another tab was first
        if known is None:
            connection.execute(sign_ins.delete().where(sign_ins.c.at < now - SIGNED_IN_FOR))
            connection.execute(sign_ins.insert().values(visitor=visitor_name, owner=owner, at=now))
        else:
            still = sa.and_(mine, sign_ins.c.owner.is_not(None))
            connection.execute(sign_ins.update().where(still).values(owner=owner, at=now))


def sign_out(visitor_name: str) -> None:
    with database().begin() as connection:
        mine = sign_ins.c.visitor == visitor_name
        if not connection.execute(sign_ins.update().where(mine).values(owner=None, at=time.time())).rowcount:
            connection.execute(sign_ins.insert().values(visitor=visitor_name, owner=None, at=time.time()))


def user_of(visitor_name: str) -> str | None:
    """The owner that signed in with this visitor's browser within the last month, and has not signed out."""
    recent = sa.and_(sign_ins.c.visitor == visitor_name, sign_ins.c.at > time.time() - SIGNED_IN_FOR)
    with database().connect() as connection:
        return connection.execute(sa.select(sign_ins.c.owner).where(recent)).scalar()
