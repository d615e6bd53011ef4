"""Tensors: PyTorch's allocator on the CPU takes a block for each, aligned to 64 bytes."""

from typing import Any

import torch
from accounts import expect, peak_is_now

SIDE = 1500


def kept(name: str, *tensors: Any) -> Any:
    """Say how large the storage of tensors is."""
    expect(name, sum(tensor.untyped_storage().nbytes() for tensor in tensors))
    return tensors


# What is made at the first call and stays: buffers for multiplication, and the like.
warm = torch.ones(SIDE, SIDE, requires_grad=True)
(warm @ warm).sum().backward()
torch.sort(torch.rand(SIDE))
torch.nn.Linear(SIDE, 2)(warm)

ones = torch.ones(SIDE, SIDE)  # MARK ones
things = [kept("ones", ones)]
product = ones @ ones  # MARK product
things += [kept("product", product)]
doubles = product.to(torch.float64)  # MARK doubles
things += [kept("doubles", doubles)]
values, places = torch.sort(doubles.flatten())  # MARK sorted
things += [kept("sorted", values, places)]
joined = torch.cat([ones, ones, product])  # MARK joined
things += [kept("joined", joined)]
layer = torch.nn.Linear(SIDE, SIDE)  # MARK layer
things += [kept("layer", layer.weight, layer.bias)]
loss = layer(ones).mean()
loss.backward()  # MARK gradients
things += [kept("gradients", layer.weight.grad, layer.bias.grad)]
filler = peak_is_now()
