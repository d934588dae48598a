"""Fixtures for every test. Real PostgreSQL; no socket beyond this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.cast import World, make_world

if TYPE_CHECKING:
    from django.test import Client

# A busy machine is slow, not wrong.
settings.register_profile("anlan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anlan")


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def door(client: Client) -> Client:
    """A browser before the front door: every request comes as nginx passes it on, over TLS."""
    client.defaults |= {"wsgi.url_scheme": "https", "HTTP_X_FORWARDED_FOR": "127.0.0.9"}
    return client
