"""Errors that a user can cause and correct."""

from __future__ import annotations


class UserError(Exception):
    """A mistake in a configuration, a file or the environment.

    The message is one paragraph: what is wrong, where, and what to do about it. Entry points print it without
    a traceback.
    """
