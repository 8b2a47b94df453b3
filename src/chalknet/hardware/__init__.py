"""Devices: what is here, what fits there, what goes where, and why it did not."""

from chalknet.hardware.categories import notes_of_categories
from chalknet.hardware.device import Device, checked_device, devices, find_device
from chalknet.hardware.estimate import MemoryEstimate
from chalknet.hardware.explain import explain
from chalknet.hardware.memory import memory
from chalknet.hardware.place import place
from chalknet.hardware.shortage import within_memory
from chalknet.hardware.trace import evaluation_rows
from chalknet.hardware.widths import with_widths

__all__ = [
    "Device",
    "MemoryEstimate",
    "checked_device",
    "devices",
    "evaluation_rows",
    "explain",
    "find_device",
    "memory",
    "notes_of_categories",
    "place",
    "with_widths",
    "within_memory",
]
