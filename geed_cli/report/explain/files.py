"""The files that people write for ``geed``: their keys, and one of each kind to start from."""

from geed_cli.explanation import PAPER, Explanation
from geed_cli.report.explain.words.word import Word

FILE_WORDS = (
    Word(
        "spec",
        Explanation(
            what="a YAML file that says how a network is built, where its weights come from, and what is read of it.",
            formula="model: source (timm, torchvision, transformers, open_clip, …, python), name, arguments\n"
            "weights: origin (pretrained, file, package, random), path, key, strip_prefix, rename, …\n"
            "split: features, classifier, output\n"
            "layers: names or globs of modules\n"
            "actions, layouts, tokens: how G acts on a layer, and how its output lies in memory\n"
            "input: size, crop_pct, interpolation, channels, mean, std, crop_mode",
            reading="Only model and weights are needed. With source: python a function of your own builds the "
            "network; that runs code, so it needs --allow-code. 'geed inspect NAME --write-spec FILE' writes one to "
            "start from, 'geed validate FILE' checks one.",
            example="model: {source: torchvision, name: resnet50/IMAGENET1K_V1}\n"
            "weights: {origin: pretrained}\n"
            "layers: [layer1, layer4]",
            see=("split", "action", "output"),
        ),
        ("spec file", "architecture", "weights"),
    ),
    Word(
        "action",
        Explanation(
            what="how the group acts on an output, ρ: by moving pixels only, or channels, features and classes, too.",
            formula="f is equivariant where f(gx) = ρ(g)f(x), eq. (1)",
            reading="Maps are moved as pictures are and vectors stay as they are, unless a spec declares another "
            "action under actions, or the layer is one of e2cnn. A note says where a layer is compared under its "
            "own action.",
            source=f"{PAPER}, section 3",
            see=("spec", "hidden", "layers"),
        ),
        ("representation", "ρ"),
    ),
    Word(
        "group file",
        Explanation(
            what="a YAML file of generators, from which -g closes a group of at most 1024 elements.",
            formula="name: letters, digits, - and _\n"
            "generators: each with any of mirror (true), turn (degrees, or a part of a turn such as 1/4), shift "
            "([down, right] in parts), colour (such as gbr), hue (as turn), invert (true)",
            reading="A generator mirrors first, then turns, then shifts; colours change independently of these.",
            example="name: pinwheel\ngenerators:\n  - {turn: 90, colour: gbr}\n  - {mirror: true, shift: [0, 1/2]}",
            see=("group", "elements"),
        ),
    ),
    Word(
        "set file",
        Explanation(
            what="a YAML file of the members of a transformation set, for --set.",
            formula="name: what tables call it\n"
            "members: each with transform (a function), its parameters, and optionally name",
            reading="'geed explain torchvision' lists the functions, and 'geed explain gaussian_blur' the "
            "parameters of one. The file runs no code.",
            example="name: weather\nmembers:\n  - {transform: gaussian_blur, kernel_size: 9, sigma: 1.5, name: fog}\n"
            "  - {transform: jpeg, quality: 30}",
            see=("set", "torchvision"),
        ),
    ),
    Word(
        "policy",
        Explanation(
            what="a YAML file of what a release has to satisfy, for 'geed check --policy'.",
            formula="version: 2\n"
            "guarantee: exact, for claims that hold at any number of images and for any distribution\n"
            "require: min_images, min_clusters, max_refused, groups; without them there is no verdict\n"
            "rules: on values; each with metric and either max or min\n"
            "baseline.rules: on increases over --baseline; each with metric and max_increase, an amount or a "
            "percentage of the baseline's distance from perfect\n"
            "of labelled images: min of accuracy, accuracy.change, worst_case, balanced_accuracy; max of "
            "calibration_error; against the baseline max_decrease, 0.01 for one point\n"
            "of each rule also: id (as reports call it), group, layer (names or globs; all where left out), level "
            "(error or warn)",
            reading="Every entry that a rule matches has to pass, in every result. 'geed init' writes one to start "
            "from.",
            example="version: 2\n"
            "require: {min_images: 200}\n"
            "rules:\n  - {id: mirror, metric: latent.l2, group: flip, max: 0.15}\n"
            "baseline:\n  rules:\n    - {metric: softmax.kl, max_increase: 0.01, level: warn}",
            see=("rule", "limit", "pass", "fail"),
        ),
    ),
)
