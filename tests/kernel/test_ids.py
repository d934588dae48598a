from hypothesis import given
from hypothesis import strategies as st

from anlan.kernel.ids import uuid7


def test_keys_say_their_version_and_variant() -> None:
    key = uuid7()
    assert key.version == 7
    assert key.variant == "specified in RFC 4122"


@given(st.integers(min_value=2, max_value=50))
def test_keys_are_unique_and_in_order_of_microseconds(count: int) -> None:
    keys = [uuid7() for _ in range(count)]
    assert len(set(keys)) == count
    moments = [key.int >> 64 for key in keys]  # milliseconds, version, fraction
    assert moments == sorted(moments)
