"""Every model name that can be given without a file: what ``geed ls models`` lists."""

from geed_cli.libraries import timm, torchvision
from geed_cli.models.from_torchvision import torchvision_networks


def known_models() -> tuple[str, ...]:
    """All names with published weights, as ``timm:NAME.tag`` and ``torchvision:NAME/WEIGHTS``.

    Returns:
        timm's first, each library's in its own order.
    """
    from_timm = (f"timm:{name}" for name in timm.models.list_pretrained())
    from_torchvision = (
        f"torchvision:{arch}/{entry.name}"
        for arch in torchvision_networks()
        for entry in torchvision.models.get_model_weights(arch)
    )
    return (*from_timm, *from_torchvision)
