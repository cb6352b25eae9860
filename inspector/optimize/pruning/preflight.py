"""Whether a SavedModel can be pruned, and what would go."""

from __future__ import annotations

from inspector.isolation.plain_line import plain_line
from inspector.optimize.pruning.survey import survey
from inspector.records.optimization import OptimizeSettings, Preflight, Subject
from inspector.records.saved_model import SavedModelFacts
from inspector.runtimes.tensorflow.availability import missing_tensorflow


def preflight(subject: Subject, settings: OptimizeSettings) -> Preflight:
    """Return what pruning would drop, or why there is nothing to do, or why it cannot be done."""
    computation = subject.inspection.computation
    facts = computation.saved_model
    if facts is None:
        return Preflight(False, "it is no SavedModel: only a SavedModel holds what serving does not need")
    if not facts.main.signatures:
        return Preflight(False, "it has no signature: nothing says what serving needs (save it with signatures=…)")
    offered = {one.name for one in facts.main.signatures}
    if missing := [name for name in settings.signatures if name not in offered]:
        held = ", ".join(sorted(offered)[:12])
        return Preflight(False, f'it has no signature "{plain_line(missing[0], 80)}"; it has {held}')
    if missing_library := missing_tensorflow():
        return Preflight(False, missing_library)
    found = survey(computation, kept_signatures(facts, settings))
    notes = tuple(found.sentences())
    if not notes:
        return Preflight(False, "nothing to do: serving needs all that it holds", nothing_to_do=True)
    return Preflight(True, choice="a SavedModel of its signatures and what they capture", notes=notes)


def kept_signatures(facts: SavedModelFacts, settings: OptimizeSettings) -> tuple[str, ...]:
    """Return the names of the signatures to keep, in the order of the SavedModel."""
    names = [one.name for one in facts.main.signatures]
    return tuple(name for name in names if not settings.signatures or name in settings.signatures)
