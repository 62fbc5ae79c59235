"""What can go wrong when somebody works on an incident."""

from __future__ import annotations

from services.kernel.errors import Conflict, Invalid


class IncidentResolved(Conflict):
    """The incident was closed already: nothing of it changes any more."""

    code = "incident_resolved"


class IncidentTaken(Conflict):
    """Another person has taken the incident."""

    code = "incident_taken"


class ResolutionNotOffered(Invalid):
    """This incident can't end like that: money in suspense is corrected or written off."""

    code = "resolution_not_offered"
