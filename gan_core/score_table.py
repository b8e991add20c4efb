"""A score as a table for people, wherever it is shown: names, values and what they mean. Torch-free."""

from gan_core.events import Scores

NOT_COMPARABLE = "Not comparable with published FID and KID, which are taken with Inception."


def is_inception(scores: Scores) -> bool:
    """Whether the Fréchet distance is what the literature calls FID."""
    return scores.extractor.startswith("Inception")


def rows(scores: Scores) -> list[tuple[str, str, str]]:
    """(name, value, meaning) of each figure."""
    fd, kid, mifid = ("FID", "KID", "MiFID") if is_inception(scores) else ("FD", "KID formula", "MiFD")
    return [
        (fd, f"{scores.fd:.4g}", "Fréchet distance between the two sets; 0 is best."),
        (kid, f"{scores.kid:.4g} ± {scores.kid_error:.2g}", "Kernel distance; 0 is best. The one to trust with few pictures."),
        ("Precision", f"{scores.precision:.1%}", "Share of drawn pictures that look like real ones."),
        ("Recall", f"{scores.recall:.1%}", "Share of real pictures that look like drawn ones: how varied these are."),
        ("Density", f"{scores.density:.3f}", "As precision, counting how many real pictures are near; may exceed 1."),
        ("Coverage", f"{scores.coverage:.1%}", "Share of real pictures with a drawn one near them."),
        (mifid, f"{scores.mifid:.4g}", "As the first, and worse if drawn pictures repeat real ones."),
        ("Copies", f"{scores.copies:.1%}", "Share of drawn pictures that are nearly identical to a real one."),
    ]
