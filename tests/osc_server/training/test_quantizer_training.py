"""Learning codebooks: clusters found, straight-through gradients, reseeding."""

import torch

from osc_server.magnet.vector_quantizer import ResidualVectorQuantizer
from osc_server.training.quantizer_training import QuantizerTraining, k_means


def generator():
    return torch.Generator().manual_seed(0)


def test_k_means_finds_separate_clusters():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    points = centres.repeat(50, 1) + 0.1 * torch.randn(200, 2, generator=generator())
    found = k_means(points, 4, 20, generator())
    distance = torch.cdist(centres, found).min(dim=1).values
    assert distance.max() < 0.2


def test_every_further_codebook_lowers_the_error():
    torch.manual_seed(0)
    quantizer = ResidualVectorQuantizer(4, 32, 8)
    latents = torch.randn(500, 8)
    QuantizerTraining(quantizer).initialise(latents, generator())
    codes = quantizer.encode(latents[None])
    errors = [(quantizer.decode(codes[:, :k]) - latents).square().mean() for k in (1, 2, 3, 4)]
    assert errors == sorted(errors, reverse=True)
    assert errors[3] < errors[0] / 2


def test_gradients_pass_straight_through_to_the_encoder():
    torch.manual_seed(0)
    quantizer = ResidualVectorQuantizer(2, 16, 4)
    training = QuantizerTraining(quantizer)
    training.initialise(torch.randn(100, 4), generator())
    latents = torch.randn(3, 5, 4, requires_grad=True)
    output, _ = training.quantise(latents, torch.full((3,), 2), generator())
    output.sum().backward()
    assert torch.equal(latents.grad, torch.ones_like(latents))


def test_depth_chooses_how_many_codebooks_count():
    torch.manual_seed(0)
    quantizer = ResidualVectorQuantizer(2, 16, 4)
    training = QuantizerTraining(quantizer)
    training.initialise(torch.randn(100, 4), generator())
    latents = torch.randn(2, 5, 4)
    before = quantizer.codebooks.clone()
    codes = quantizer.encode(latents)
    output, _ = training.quantise(latents, torch.tensor([1, 2]), generator())
    torch.testing.assert_close(output[0], before[0][codes[0, 0]])
    torch.testing.assert_close(output[1], before[0][codes[1, 0]] + before[1][codes[1, 1]])


def test_codes_that_nothing_uses_are_moved_to_where_the_latents_are():
    torch.manual_seed(0)
    quantizer = ResidualVectorQuantizer(1, 8, 4)
    quantizer.codebooks.fill_(1000.0)
    training = QuantizerTraining(quantizer)
    for _ in range(400):
        training.quantise(torch.randn(4, 8, 4), torch.full((4,), 1), generator())
    assert quantizer.codebooks.abs().max() < 10
