"""Layers of neural networks: each a Module, called on one example.

Names, arguments, fields and initial values are those of Equinox, to the bit for the same key.
For a batch, map: `jax.vmap(layer)(batch)`.
"""

from eqxcore.nn._adaptive_pool import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from eqxcore.nn._adaptive_pool import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from eqxcore.nn._adaptive_pool import AdaptiveAvgPool3d as AdaptiveAvgPool3d
from eqxcore.nn._adaptive_pool import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from eqxcore.nn._adaptive_pool import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from eqxcore.nn._adaptive_pool import AdaptiveMaxPool3d as AdaptiveMaxPool3d
from eqxcore.nn._adaptive_pool import AdaptivePool as AdaptivePool
from eqxcore.nn._attention import MultiheadAttention as MultiheadAttention
from eqxcore.nn._avg_pool import AvgPool1d as AvgPool1d
from eqxcore.nn._avg_pool import AvgPool2d as AvgPool2d
from eqxcore.nn._avg_pool import AvgPool3d as AvgPool3d
from eqxcore.nn._batch_norm import BatchNorm as BatchNorm
from eqxcore.nn._conv import Conv as Conv
from eqxcore.nn._conv import Conv1d as Conv1d
from eqxcore.nn._conv import Conv2d as Conv2d
from eqxcore.nn._conv import Conv3d as Conv3d
from eqxcore.nn._conv_transpose import ConvTranspose as ConvTranspose
from eqxcore.nn._conv_transpose import ConvTranspose1d as ConvTranspose1d
from eqxcore.nn._conv_transpose import ConvTranspose2d as ConvTranspose2d
from eqxcore.nn._conv_transpose import ConvTranspose3d as ConvTranspose3d
from eqxcore.nn._dropout import Dropout as Dropout
from eqxcore.nn._embedding import Embedding as Embedding
from eqxcore.nn._group_norm import GroupNorm as GroupNorm
from eqxcore.nn._gru_cell import GRUCell as GRUCell
from eqxcore.nn._identity import Identity as Identity
from eqxcore.nn._inference import inference_mode as inference_mode
from eqxcore.nn._lambda import Lambda as Lambda
from eqxcore.nn._layer_norm import LayerNorm as LayerNorm
from eqxcore.nn._linear import Linear as Linear
from eqxcore.nn._lstm_cell import LSTMCell as LSTMCell
from eqxcore.nn._max_pool import MaxPool1d as MaxPool1d
from eqxcore.nn._max_pool import MaxPool2d as MaxPool2d
from eqxcore.nn._max_pool import MaxPool3d as MaxPool3d
from eqxcore.nn._mlp import MLP as MLP
from eqxcore.nn._pool import Pool as Pool
from eqxcore.nn._prelu import PReLU as PReLU
from eqxcore.nn._rms_norm import RMSNorm as RMSNorm
from eqxcore.nn._rotary import RotaryPositionalEmbedding as RotaryPositionalEmbedding
from eqxcore.nn._sequential import Sequential as Sequential
from eqxcore.nn._shared import Shared as Shared
from eqxcore.nn._spectral_norm import SpectralNorm as SpectralNorm
from eqxcore.nn._state import State as State
from eqxcore.nn._state import StateIndex as StateIndex
from eqxcore.nn._state import delete_init_state as delete_init_state
from eqxcore.nn._state import make_with_state as make_with_state
from eqxcore.nn._stateful_layer import StatefulLayer as StatefulLayer
from eqxcore.nn._weight_norm import WeightNorm as WeightNorm
