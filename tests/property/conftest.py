"""How property tests run: no example has to be fast, and a failure prints how to repeat it."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "motcua",
    deadline=None,  # A test never asserts a wall-clock time.
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("motcua")
