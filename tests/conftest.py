"""What holds for all tests: how Hypothesis looks for counterexamples.

A law is not a stopwatch, so no deadline; and who changes one thing must not be stopped by a counterexample to another
that chance found just then, so the same code is tried with the same examples. `pytest --hypothesis-profile=search`
looks further, at random.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "search", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")
