"""Where a place is on a map: the projections that the charts' engine draws, computed here, so that
a page can put links on a map that it doesn't draw itself.

Equal Earth: Šavrič, Patterson, Jenny, "The Equal Earth map projection", 2018. Albers: Snyder, "Map
projections: a working manual", 1987, p. 98, for the parallels of the United States. The engine's
own (d3-geo) names and signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

Point = tuple[float, float]
# Longitude and latitude in degrees to the plane, x to the right and y down.
Project = Callable[[float, float], Point]

_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)
_ALBERS_PARALLELS, ALBERS_MERIDIAN = (29.5, 45.5), -96


def equal_earth(longitude: float, latitude: float) -> Point:
    """The world."""
    a, b, c, d = _EQUAL_EARTH
    angle = asin(sqrt(3) / 2 * sin(radians(latitude)))
    two = angle * angle
    six = two * two * two
    across = a + 3 * b * two + six * (7 * c + 9 * d * two)
    x = radians(longitude) * cos(angle) / (sqrt(3) / 2 * across)
    return x, -angle * (a + b * two + six * (c + d * two))


def albers(longitude: float, latitude: float) -> Point:
    """The United States."""
    south, north = (sin(radians(parallel)) for parallel in _ALBERS_PARALLELS)
    cone = (south + north) / 2
    radius = sqrt(1 + south * (2 * cone - south) - 2 * cone * sin(radians(latitude))) / cone
    turned = cone * radians(longitude - ALBERS_MERIDIAN)
    return radius * sin(turned), radius * cos(turned)


@dataclass(frozen=True)
class Fitted:
    """A projection drawn so large that all of an outline fits into a picture."""

    project: Project
    scale: float
    left: float
    top: float

    def at(self, longitude: float, latitude: float) -> Point:
        """Pixels from the left and from the top."""
        x, y = self.project(longitude, latitude)
        return self.left + self.scale * x, self.top + self.scale * y


def fit(project: Project, outline: Iterable[Point], width: float, height: float) -> Fitted:
    """The outline as large as it may be, in the middle."""
    across, down = zip(*(project(*point) for point in outline), strict=True)
    scale = min(width / (max(across) - min(across)), height / (max(down) - min(down)))
    left = (width - scale * (min(across) + max(across))) / 2
    top = (height - scale * (min(down) + max(down))) / 2
    return Fitted(project, scale, left, top)
