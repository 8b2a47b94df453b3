"""A page or a screen before something darker, as photographs show it: what is around it is no ink."""

from __future__ import annotations

import cv2
import numpy as np

from chalknet.notation.pictures.panels import Pixels

_SMALL = 300  # pixels of the longer side, to look for the page
_LEAST, _MOST = 0.3, 0.92  # of the picture, that a page covers
_SOLID = 0.93  # of its hull, that it covers
_DARKER = 70.0  # than the page, is what is around it
_EVENLY = 35.0  # by which what is around it differs from place to place at most
_RIM = 0.012  # of the longer side, is left out at its rim


def page_alone(colours: Pixels) -> Pixels:
    """Return a picture with the page's own colour around the page; as it is where none lies on darker ground.

    Args:
        colours: (height, width, 3).
    """
    page = _page_in(colours)
    if page is None:
        return colours
    inside = cv2.resize(page, colours.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    rim = max(3, round(_RIM * max(colours.shape)))
    inner = cv2.erode(inside.astype(np.uint8), np.ones((rim, rim), np.uint8), borderValue=0)
    found: Pixels = colours.copy()
    found[inner == 0] = _continued(colours, inner)[inner == 0]
    return found


def _page_in(colours: Pixels) -> Pixels | None:
    """Return where the page is in a small picture, 1.0 inside; None where there is none."""
    part = min(1.0, _SMALL / max(colours.shape[:2]))
    small = cv2.resize(colours, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    grey = cv2.morphologyEx(
        cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)
    )
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is None or not _LEAST < cv2.contourArea(largest) / grey.size < _MOST:
        return None
    hull = cv2.convexHull(largest)
    if cv2.contourArea(largest) < _SOLID * cv2.contourArea(hull):
        return None
    page = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(page, [hull], 1)
    around = grey[cv2.dilate(page, np.ones((9, 9), np.uint8)) == 0]
    if not around.size or float(np.median(grey[page > 0])) - float(np.percentile(around, 90)) < _DARKER:
        return None
    return page.astype(np.float32) if float(around.std()) < _EVENLY else None


def _continued(colours: Pixels, inner: Pixels) -> Pixels:
    """Return the colours of a page as they would go on beyond it."""
    part = _SMALL / max(colours.shape[:2])
    mask = cv2.resize(inner.astype(np.float32), None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    mask = (mask > 0.99).astype(np.float32)
    small = cv2.resize(colours, None, fx=part, fy=part, interpolation=cv2.INTER_AREA).astype(np.float32)
    near = (mask == 0).astype(np.uint8)
    bright: Pixels = cv2.dilate(small, np.ones((5, 5), np.uint8)).astype(np.uint8)
    filled = cv2.inpaint(bright, near, 3, cv2.INPAINT_TELEA)
    whole: Pixels = cv2.resize(filled, colours.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return whole
