"""Rules for SavedModels: what the artifact does beyond computing, what it lacks, and what serving does not need."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.rule import Rule

_TRUST: Final = "find out why before you load it, and load it only where it can do no harm"

SAVED_MODEL_RULES: Final[tuple[Rule, ...]] = (
    Rule("writes-files", "high", "an operator that writes files", _TRUST),
    Rule("reads-files", "high", "an operator that reads files which are not the artifact's own", _TRUST),
    Rule("uses-network", "high", "an operator that connects to other machines", _TRUST),
    Rule(
        "calls-python",
        "high",
        "an operator that calls Python code outside the artifact",
        "no server has that code: write it in TensorFlow",
    ),
    Rule("changes-file-system", "high", "an operator that moves, deletes or redirects files", _TRUST),
    Rule("runs-native-code", "high", "an operator that runs native code which nothing here can show", _TRUST),
    Rule(
        "custom-operator",
        "high",
        "an operator that no stock TensorFlow registers",
        "find out which library registers it: servers refuse the artifact without it, and its code runs with their rights",
    ),
    Rule(
        "function-missing",
        "high",
        "a call of a function that the library does not hold",
        "the call fails: the artifact was cut or edited, export it again",
    ),
    Rule(
        "asset-escapes",
        "high",
        "an asset whose name leads out of the artifact's folder",
        "whoever loads the artifact reads that file: export it again with the file inside assets/",
    ),
    Rule("asset-missing", "high", "an asset that is not there", "what it fills stays empty and loading fails: export again"),
    Rule(
        "served-version-unreadable",
        "high",
        "the version that a server picks cannot be read",
        "servers take the largest number: finish or remove that folder",
    ),
    Rule(
        "no-serving-signature",
        "medium",
        "no signature that a server can call, or no tag set that it loads",
        "export with a signature named serving_default under the tag serve",
    ),
    Rule(
        "warm-up-malformed",
        "medium",
        "warm-up requests that a server cannot replay",
        "a server that replays them fails to load the version: write the file again with TFRecordWriter",
    ),
    Rule(
        "training-baggage",
        "medium",
        "variables and functions of training that serving does not need",
        "export for inference only (model.export, or save without the optimizer)",
    ),
    Rule(
        "recursive-function",
        "medium",
        "functions that call each other in a circle",
        "nothing bounds how deep they call: check that this is meant",
    ),
    Rule(
        "several-versions", "low", "a serving folder with several versions", "name the one you mean: a server picks the largest"
    ),
    Rule(
        "dynamic-dimension",
        "low",
        "signature inputs with open dimensions beside the first",
        "TensorFlow keeps no names for them: fix the lengths that are meant to be fixed, and write down what the others are",
    ),
    Rule(
        "no-warm-up",
        "low",
        "no warm-up requests",
        "the first requests pay for lazy initialization: write assets.extra/tf_serving_warmup_requests",
    ),
    Rule("training-tag-set", "low", "a tag set that servers do not load", "leave it out of what you ship"),
    Rule(
        "unclaimed-variable",
        "info",
        "values in the checkpoint that no variable claims",
        "they are loaded by nobody: save the checkpoint without them",
    ),
    Rule(
        "unclaimed-asset",
        "info",
        "a file in assets/ that nothing declares",
        "leave it out unless code beside the graph reads it",
    ),
    Rule("checkpoint-access", "info", "how the artifact saves and restores itself", "normal: servers restore and never save"),
)
"""Most severe first, by the worst a rule gives."""
