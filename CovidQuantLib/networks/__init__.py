"""The published networks, one file each, and the catalogue that names them. Importing this room needs no PyTorch."""

from CovidQuantLib.networks.catalogue import NetworkSpec, network, network_names
from CovidQuantLib.networks.extra import require_networks
from CovidQuantLib.networks.label_sets import LabelSet, label_set, label_set_names
from CovidQuantLib.networks.preprocessing import Preprocessing
from CovidQuantLib.networks.reading import VOLUMES, InputKind, Reading

__all__ = [
    "VOLUMES",
    "InputKind",
    "LabelSet",
    "NetworkSpec",
    "Preprocessing",
    "Reading",
    "label_set",
    "label_set_names",
    "network",
    "network_names",
    "require_networks",
]
