"""Programs in Julia, MATLAB, Rust and C++ that make layers, read without being run."""

from chalknet.notation.languages.reader import LANGUAGES as LANGUAGES
