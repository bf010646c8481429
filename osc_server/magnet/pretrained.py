"""What a checkpoint names, in the models folder: found there, read, and complete."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from osc_server.contract.errors import ModelUnavailable

_UNREADABLE = (
    OSError, ValueError, RuntimeError, pickle.UnpicklingError, EOFError, LookupError, TypeError,
    AttributeError,
)  # fmt: skip
"""What a damaged or hostile folder can trip in transformers."""


def find_folder(name: str, models_folder: Path) -> Path | None:
    """The folder of what a checkpoint names: by its whole name, or by the last part of it."""
    parts = [part for part in name.split("/") if part]
    if not parts or any(part in (".", "..") for part in parts) or "\\" in name or ":" in name:
        return None
    for candidate in (models_folder.joinpath(*parts), models_folder / parts[-1]):
        if candidate.is_dir():
            return candidate
    return None


def lacks(what: str, name: str, models_folder: Path) -> str:
    """The sentence for a part that is not on this disk, with the one command that gets it."""
    return (
        f"this model needs the {what} {name}, which is not in {models_folder}: "
        f"`magnet-bridge models fetch {name}` gets it"
    )


def load_pretrained(kind: Any, folder: Path, what: str) -> Any:  # noqa: ANN401  (transformers' own)
    """Load a model without the network and without a progress bar.

    Args:
        kind: the class, such as ``T5EncoderModel``.
        folder: holds ``config.json`` and the weights.
        what: what it is, for the error.

    Raises:
        ModelUnavailable: it cannot be read, or weights are missing, which transformers would fill
            with random numbers.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    from osc_server.magnet.state_files import require_finite

    quiet: Any = logging
    quiet.disable_progress_bar()
    try:
        model, report = kind.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, output_loading_info=True
        )
    except (*_UNREADABLE, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelUnavailable(f"the {what} in {folder} cannot be read: {reason}") from error
    if report["missing_keys"]:
        raise ModelUnavailable(f"the {what} in {folder} lacks {min(report['missing_keys'])}")
    require_finite(dict(model.named_parameters()), f"the {what} in {folder}")
    return model.eval().requires_grad_(False)
