"""The wings that hold rooms, in the order in which pages show them."""

WINGS = ("organisation", "message", "prevent", "watch", "respond", "review", "connect")
