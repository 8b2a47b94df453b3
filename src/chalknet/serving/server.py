"""Serve a fit."""


def serve(): ...
