"""How something grows with the reloads: the least squares line, and how sure its slope is."""

import math
import statistics
from dataclasses import dataclass

BLOCKS = 20
T_95 = 2.101  # Student's t for 18 degrees of freedom, 97.5 %


@dataclass
class Slope:
    per_thousand: float
    margin: float  # of the 95 % confidence interval, to either side


def slope_of(points):
    """Of (reloads, value). None of too few. Neighbours are alike, which would make the interval too narrow: so
    the line is drawn through the means of 20 blocks."""
    if len(points) < 2 * BLOCKS:
        return None
    blocks = [points[i * len(points) // BLOCKS:(i + 1) * len(points) // BLOCKS] for i in range(BLOCKS)]
    x = [statistics.fmean(point[0] for point in block) for block in blocks]
    y = [statistics.fmean(point[1] for point in block) for block in blocks]
    slope, intercept = statistics.linear_regression(x, y)
    middle = statistics.fmean(x)
    residuals = sum((b - intercept - slope * a) ** 2 for a, b in zip(x, y))
    error = math.sqrt(residuals / (BLOCKS - 2) / sum((a - middle) ** 2 for a in x))
    return Slope(1000 * slope, 1000 * T_95 * error)


def growth_of(points, settled):
    """Of the last tenth's median over that of as many after the first `settled` reloads, as a share. None of too
    few."""
    rest = [value for reloads, value in points if reloads >= settled]
    count = len(rest) // 10
    if count == 0:
        return None
    return statistics.median(rest[-count:]) / statistics.median(rest[:count]) - 1
