"""Devices: what is here, what fits there, what goes where, and why it did not."""

from chalknet.devices.device import Device, checked_device, devices, find_device, here
from chalknet.devices.estimate import MemoryEstimate
from chalknet.devices.explain import explain
from chalknet.devices.memory import memory
from chalknet.devices.place import place
from chalknet.devices.rows import evaluation_rows
from chalknet.devices.shortage import within_memory

__all__ = [
    "Device",
    "MemoryEstimate",
    "checked_device",
    "devices",
    "evaluation_rows",
    "explain",
    "find_device",
    "here",
    "memory",
    "place",
    "within_memory",
]
