"""The bundled specs of self-supervised and image-text models, built without memory for their weights."""

import pytest
import timm
import torch

from geed_cli.models.network import resolve_layers
from geed_cli.models.sources.timm_names import resolve_timm_name
from geed_cli.models.spec_files import read_spec, spec_paths

FEATURES = {
    "aimv2_large": (1024, 0, 256),
    "clip_vitb16": (512, 1, 196),
    "dinov2_vits14": (384, 1, 256),
    "dinov3_vits16": (384, 5, 256),
    "siglip2_vitb16": (768, 0, 196),
}
"""Numbers of f1(x); tokens before those of the picture; tokens of the picture. From the papers' sizes."""


@pytest.mark.parametrize("name", FEATURES)
def test_the_names_layers_and_features_of_a_spec(name: str) -> None:
    """Timm has the weights' tag; every layer is a block of tokens; without a classifier the output is f1(x)."""
    spec = read_spec(spec_paths()[name])
    resolved = resolve_timm_name(spec.model.name)
    assert resolved.tag == spec.model.name.partition(".")[2]
    assert spec.split.without_classifier
    size = spec.input.size or resolved.config.input_size[1]
    with torch.device("meta"), torch.no_grad():
        module = timm.create_model(spec.model.name, img_size=size).eval()
        layers = resolve_layers(module, spec.layers)
        assert layers == spec.layers
        assert len(module.blocks) == int(layers[-1].partition(".")[2]) + 1
        shapes = []
        for layer in layers:
            module.get_submodule(layer).register_forward_hook(lambda *seen: shapes.append(seen[-1].shape))
        output = module(torch.zeros(2, 3, size, size))
    width, prefix, tokens = FEATURES[name]
    assert output.shape == (2, width)
    assert {shape[1] for shape in shapes} == {prefix + tokens}
    assert module.num_prefix_tokens == prefix
