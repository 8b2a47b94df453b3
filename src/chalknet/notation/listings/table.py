"""The listings that can be read, a row each."""

from __future__ import annotations

from chalknet.notation.listings.printed import PRINTED
from chalknet.notation.listings.summary import SUMMARY

LISTINGS = (SUMMARY, PRINTED)
