"""Provide the SQLAlchemy metadata, to which every table belongs."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
