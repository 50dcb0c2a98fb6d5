"""The app format `fairground.toml`, pure: no Django, no network, no clock."""

from catalog.manifest.fields import Archive, Daemon, Data, FromFact, FromParam, Maintainer, Output, Param, Port, Probe
from catalog.manifest.manifest import Manifest
from catalog.manifest.params import ValueProblem, complete
from catalog.manifest.problems import ManifestError, Problem
from catalog.manifest.read import FILE, parse
from catalog.manifest.remarks import remarks

__all__ = [
    "FILE",
    "Archive",
    "Daemon",
    "Data",
    "FromFact",
    "FromParam",
    "Maintainer",
    "Manifest",
    "ManifestError",
    "Output",
    "Param",
    "Port",
    "Probe",
    "Problem",
    "ValueProblem",
    "complete",
    "parse",
    "remarks",
]
