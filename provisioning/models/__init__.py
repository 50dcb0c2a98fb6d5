"""The rows. They hold what is true and grant wishes; they touch nothing but rows."""

from provisioning.models import statements
from provisioning.models.address import Address
from provisioning.models.admission import Admission
from provisioning.models.archive import Archive
from provisioning.models.deployment import Deployment
from provisioning.models.entry import Entry
from provisioning.models.event import Event
from provisioning.models.fabric import Fabric, Stray
from provisioning.models.hook import HookCall
from provisioning.models.house import Allowance, House, SignUp
from provisioning.models.log import LogChunk
from provisioning.models.machine import Machine
from provisioning.models.mail import Mail
from provisioning.models.membership import JoiningCode, Membership
from provisioning.models.picture import Picture
from provisioning.models.reconciled import Reconciled
from provisioning.models.report import Report
from provisioning.models.route import Route
from provisioning.models.visit import VisitLog, Visits

__all__ = [
    "Address",
    "Admission",
    "Allowance",
    "Archive",
    "Deployment",
    "Entry",
    "Event",
    "Fabric",
    "HookCall",
    "House",
    "JoiningCode",
    "LogChunk",
    "Machine",
    "Mail",
    "Membership",
    "Picture",
    "Reconciled",
    "Report",
    "Route",
    "SignUp",
    "Stray",
    "VisitLog",
    "Visits",
    "statements",
]
