"""A sweep that is written down number by number, without an audit."""

from geed_cli.sweeps.manifest import Cell, Member, Sweep, SweptData, SweptModel, Value


def value(data: str, model: str, at: float, claim: str = "", models: int = 1) -> Value:
    difference = (0.1, (0.05, 0.15), 0.004) if claim else (None, None, None)
    return Value(
        data=data, group="c8", metric="latent.l2", model=model, models=models, value=at, ci=(at - 0.02, at + 0.02),
        difference=difference[0], difference_ci=difference[1], p_holm=difference[2], claim=claim,
    )  # fmt: skip


def swept(*, failed: bool = False, data: tuple[str, ...] = ("rot", "fashion")) -> Sweep:
    """cnn, a population of c8 and vit on two data sets; vit has failed on the second where that is asked for."""
    models = (
        SweptModel(label="cnn", members=(Member(name="cnn", text="cnn.yaml"),)),
        SweptModel(label="c8", members=tuple(Member(name=f"c8_{k}", text=f"{k}.pt:c8.yaml") for k in (1, 2))),
        SweptModel(label="vit", members=(Member(name="vit", text="vit.yaml"),)),
    )
    cells = [
        Cell(
            model=model.label,
            member=member.name,
            data=on,
            file=f"{on}/{member.name}.json",
            recipe="",
            status="done",
        )
        for model in models
        for member in model.members
        for on in data
    ]
    values = [
        each
        for name in data
        for each in (
            value(name, "cnn", 0.31),
            value(name, "c8", 0.12, "nearer", 2),
            value(name, "vit", 0.3, "undecided"),
        )
    ]
    if failed:
        error = ("the file does not fit", "the tensors of vit.yaml", "another file")
        cells[-1] = cells[-1].model_copy(update={"status": "failed", "error": error})
        values.pop()
    return Sweep(
        status="partial" if failed else "complete", settings={}, models=models,
        data=tuple(SweptData(label=name, source=name) for name in data), cells=tuple(cells), confidence=0.95,
        values=tuple(values),
    )  # fmt: skip
