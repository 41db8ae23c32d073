"""The sections of a visit, as tests collect them."""

#: Those that services judge.
JUDGED = (
    "computer",
    "antivirus",
    "updates",
    "search",
    "volumes",
    "network",
    "programs",
    "packages",
    "chocolatey",
    "services",
    "anydesk",
)
EVERY = (*JUDGED, "sessions")
