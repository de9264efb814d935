"""Pictures of computations: `graph`, its layout and its file formats."""

from funcgrad.viz.graph import Graph as Graph
from funcgrad.viz.graph import graph as graph
