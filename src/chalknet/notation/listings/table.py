"""The listings that can be read, a row each."""

from __future__ import annotations

from chalknet.notation.listings.caffe import CAFFE
from chalknet.notation.listings.keras_json import KERAS_JSON
from chalknet.notation.listings.nested import NESTED
from chalknet.notation.listings.numpy_code import NUMPY
from chalknet.notation.listings.onnx_text import ONNX_TEXT
from chalknet.notation.listings.printed import PRINTED
from chalknet.notation.listings.printed_jax import PRINTED_JAX
from chalknet.notation.listings.r_networks import R_NETWORKS
from chalknet.notation.listings.settings import SETTINGS
from chalknet.notation.listings.summary import SUMMARY
from chalknet.notation.listings.weight_shapes import WEIGHT_SHAPES

LISTINGS = (
    SUMMARY, PRINTED, PRINTED_JAX, KERAS_JSON, NUMPY, NESTED, WEIGHT_SHAPES, SETTINGS, ONNX_TEXT, CAFFE,
    R_NETWORKS,
)  # fmt: skip
