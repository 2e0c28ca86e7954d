"""How far along an iterative solve is, shown while it runs."""

from ._abstract import AbstractProgressMeter as AbstractProgressMeter
from ._none import NoProgressMeter as NoProgressMeter
from ._text import TextProgressMeter as TextProgressMeter
from ._tqdm import TqdmProgressMeter as TqdmProgressMeter
