"""Every scenario gets a world, whether its steps ask for it or not."""

import pytest

from fixtures.world.world import World


@pytest.fixture(autouse=True)
def judged(world: World) -> World:
    """The world whose end is audited."""
    return world
