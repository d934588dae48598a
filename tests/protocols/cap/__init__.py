"""Messages and feeds of the Common Alerting Protocol; `samples/README.md` says where each sample is from."""

from pathlib import Path

SAMPLES = Path(__file__).with_name("samples")
OFFICIAL = ("homeland_security.xml", "thunderstorm.xml", "earthquake_update.xml", "amber_two_languages.xml")


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()
