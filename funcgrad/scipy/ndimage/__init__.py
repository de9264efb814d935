"""Images as ``scipy.ndimage`` names it, on traced values and arrays alike."""

from funcgrad.scipy.ndimage.coordinates import map_coordinates as map_coordinates
