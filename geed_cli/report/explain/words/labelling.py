"""What is measured of labelled images."""

from geed_cli.explanation import Explanation
from geed_cli.report.explain.words.word import Word

LABEL_WORDS = (
    Word(
        "accuracy",
        Explanation(
            what="how many of the labelled images have their label as top class (--labels), also under each element.",
            formula="mean over images of 1[arg max p(x) = y]; under g of 1[arg max p(gx) = y]; the change is the "
            "second less the first over the same images.",
            range="0 to 1.",
            reading="A network can be invariant and wrong, or right and not invariant: read it beside "
            "prediction.flip_rate. Limits of the changes hold for all elements together.",
            see=("worst_case", "balanced_accuracy", "calibration_error"),
        ),
        ("labels", "--labels"),
    ),
    Word(
        "accuracy.change",
        Explanation(
            what="of a policy's rule, accuracy under an element less that of the same images as they are; one number "
            "for each element but e.",
            formula="mean over images of 1[arg max p(gx) = y] - 1[arg max p(x) = y].",
            range="-1 to 1; below 0 where turning costs right answers.",
            reading="A rule's min is 0 or below: -0.05 allows a fall by 5 points under any element.",
            see=("accuracy", "rule"),
        ),
    ),
    Word(
        "worst_case",
        Explanation(
            what="how many of the labelled images have their label as top class under every element of the group.",
            formula="mean over images of min over g of 1[arg max p(gx) = y].",
            range="0 to 1, at most the accuracy under any element.",
            reading="What is left where somebody may choose how each picture is transformed. It falls with the size "
            "of the group, also where every element has the same accuracy.",
            see=("accuracy",),
        ),
        ("worst case",),
    ),
    Word(
        "balanced_accuracy",
        Explanation(
            what="the mean over classes of the accuracy on their images, so that rare classes count like common ones.",
            formula="mean over the classes that occur among the labels of the accuracy on the images of each.",
            range="0 to 1.",
            reading="Not computed where images have weights of their own (--image-weights).",
            see=("accuracy",),
        ),
        ("balanced accuracy",),
    ),
    Word(
        "calibration_error",
        Explanation(
            what="how far the probabilities of top classes are from how often these are right, of labelled images.",
            formula="images by the probability of their top class in B bins of equal size, one for every 40 images, 1 "
            "to 15: sum over bins of (images of the bin / images) times |mean probability - accuracy|.",
            range="0, calibrated, to 1.",
            reading="Above 0 by chance, also of a calibrated network: 0.05 is common with 40 images a bin. "
            "Its interval holds for these bins together, at 1 - a/B each, and is wide.",
            source="Guo et al. 2017; bins of equal mass: Nixon et al. 2019",
            see=("accuracy",),
        ),
        ("calibration error", "ECE"),
    ),
    Word(
        "higher",
        Explanation(
            what="of accuracy, right more often than the first model, significant over all lines of labels.",
            source="Holm 1979",
            see=("lower", "accuracy", "p_holm"),
        ),
    ),
    Word(
        "lower",
        Explanation(
            what="of accuracy, right less often than the first model, significant over all lines of labels.",
            source="Holm 1979",
            see=("higher", "accuracy", "p_holm"),
        ),
    ),
    Word(
        "by class",
        Explanation(
            what="every number over the images of one class of the labels at a time (--by class).",
            formula="the mean of the class's rows; of latent measures over the M of all images.",
            reading="Intervals in rows are of one class by itself, from 20 images on. What is said of the furthest "
            "class has limits that hold for all classes with intervals together.",
            see=("accuracy", "labels"),
        ),
        ("class", "--by"),
    ),
)
