from anlan.kernel import rooms


def test_rooms_are_found_by_their_folder() -> None:
    assert "anlan.organisation.unit" in {room.module for room in rooms.find()}


def test_every_door_asks_for_a_capability_that_is_declared() -> None:
    declared = rooms.capabilities()
    assert {door.capability for door in rooms.doors()} <= set(declared)
