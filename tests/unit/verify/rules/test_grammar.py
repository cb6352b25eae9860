"""Rules as people write them, and as they mistype them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.verify.rules.figures import OPEN_NAMES, fixed_figures
from inspector.verify.rules.grammar import LONGEST, BadRule, parse_rule
from inspector.verify.rules.listing import figures_table


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("size_bytes > 300MB", 300e6),
        ("size_bytes>300MB", 300e6),
        ("  size_bytes   >=  300 MB ", 300e6),
        ("size_bytes > 1.5GiB", 1.5 * 2**30),
        ("size_bytes > 1,000,000", 1e6),
        ("size_bytes > 1_000", 1e3),
        ("size_bytes > 4kB", 4e3),
        ("latency.p99 < 20ms", 20),
        ("latency.p99 < 1.5s", 1500),
        ("latency.p99 < 900us", 0.9),
        ("latency.p99 < 900µs", 0.9),
        ("latency.p99.9 < 20", 20),
        ("image.wasted_share > 5%", 0.05),
        ("image.wasted_share > .05", 0.05),
        ("parameters > 30M", 30e6),
        ("flops > 8.2G", 8.2e9),
        ("latency.throughput < 100/s", 100),
        ("parity.sqnr_db < 30 dB", 30),
    ],
)
def test_a_limit_is_in_the_unit_of_its_figure(text: str, limit: float) -> None:
    rule = parse_rule(text, "here", "why")
    assert rule.limit == pytest.approx(limit)
    assert (rule.relative, rule.source, rule.reason, rule.text) == (False, "here", "why", " ".join(text.split()))


@pytest.mark.parametrize(
    ("text", "limit", "against_baseline", "added"),
    [
        ("size_bytes > 1.05x", 1.05, False, False),
        ("size_bytes > 2×", 2, False, False),
        ("latency.p99 > 1.05 x", 1.05, False, False),
        ("size_bytes > +5%", 1.05, True, False),
        ("size_bytes < -10%", 0.9, True, False),
        ("size_bytes < −10%", 0.9, True, False),
        ("image.wasted_share > +5%", 1.05, True, False),
        ("findings.high > +0", 0, True, True),
        ("size_bytes > +1MB", 1e6, True, True),
        ("latency.median < -2ms", -2, True, True),
    ],
)
def test_ratios_and_deltas(text: str, limit: float, against_baseline: bool, added: bool) -> None:
    rule = parse_rule(text)
    assert rule.limit == pytest.approx(limit)
    assert (rule.relative, rule.against_baseline, rule.added) == (True, against_baseline, added)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("sizebytes > 1", "there is no figure sizebytes", "did you mean size_bytes?"),
        ("size > 1", "there is no figure size", "did you mean size_bytes?"),
        ("latency.p999 > 1ms", "there is no figure latency.p999", "did you mean latency.p99.9?"),
        ("latency.p42 > 1ms", "there is no figure latency.p42", "did you mean latency.p"),
        ("findings.hihg > 0", "there is no figure findings.hihg", "did you mean findings.high?"),
        ("findings.unknown-domains > 0", "no figure findings.unknown-domains", "did you mean findings.unknown-domain?"),
        ("operator.Conv > 3", "there is no figure operator.Conv", "did you mean operators.Conv?"),
        ("pakage.numpy.version < 2", "there is no figure pakage.numpy.version", "did you mean package.numpy.version?"),
        ("change.int9.size > 1", "there is no figure change.int9.size", "did you mean change.int8.size?"),
        ("difference.weights > 0", "there is no figure difference.weights", "did you mean differences.weights?"),
        ("cold_start > 1s", "there is no figure cold_start", "did you mean cold_start.median?"),
        ("slimming.flaten.size > 1", "there is no figure", "did you mean slimming.flatten.size?"),
        ("zzz > 1", "there is no figure zzz", "--fail-if help"),
        ("size_bytes => 1", "there is no operator =>", "did you mean >=?"),
        ("size_bytes = 1", "there is no operator =", "did you mean ==?"),
        ("size_bytes ≥ 1", "there is no operator ≥", "did you mean >=?"),
        ("size_bytes >> 1", "there is no operator >>", "there are > >= < <= == !="),
        ("size_bytes > 3mb", "mb is no unit of it", "did you mean MB?"),
        ("size_bytes > 3Gb", "Gb is no unit of it", "did you mean GB?"),
        ("size_bytes > 3ms", "ms is no unit of it", "there are B, KB, MB"),
        ("latency.p99 > 3sec", "sec is no unit of it", "there are ms, s"),
        ("size_bytes > 5%", "is a share, and this figure is none", "say +5%"),
        ("size_bytes > +1.05x", "has a sign and is a ratio", "say 1.05x"),
        ("size_bytes > -110%", "less than nothing", "100 %"),
        ("size_bytes > 1,05", "is no number", "groups are of three digits"),
        ("size_bytes > lots", "is no number", "such as 300MB"),
        ("size_bytes > nan", "is no number", ""),
        ("size_bytes > 1e999", "is no number", ""),
        ("verdict == fial", "verdict is never fial", "did you mean fail?"),
        ("verdict > fail", "is a word", "use == or !="),
        ("format == onxx", "format is never onxx", "did you mean onnx?"),
        ("change.int8.status == ok", "is never ok", "there are accepted, rejected, skipped"),
        ("package.numpy.version < two point one", "is no version", "1.26.4"),
        ("size_bytes", "is no rule", "such as 'size_bytes > 300MB'"),
        ("verdict", "is no rule", "such as 'verdict != pass'"),
        ("> 300MB", "is no rule", "FIGURE OPERATOR LIMIT"),
        ("size_bytes >", "is no rule", "such as 'size_bytes > 300MB'"),
        ("", "is no rule", "FIGURE OPERATOR LIMIT"),
        ("size_bytes > 1 > 2", "is no number", ""),
        ("package. > 0", "there is no figure package.", ""),
        ("size_bytes > 1\x1b[2J", "characters that do not print", ""),
        ("x" * LONGEST + " > 1", "longer than 300 characters", ""),
    ],
)
def test_a_typo_names_what_was_probably_meant(text: str, said: str, hint: str) -> None:
    with pytest.raises(BadRule) as caught:
        parse_rule(text)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert str(caught.value).isprintable()


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_told_to_be_none(text: str) -> None:
    try:
        rule = parse_rule(text)
    except BadRule as error:
        said = str(error)
        assert said.isprintable()
    else:
        assert parse_rule(rule.text) == rule


def test_the_listing_has_every_figure() -> None:
    table = figures_table()
    for name in [*fixed_figures(), *OPEN_NAMES]:
        assert name.removeprefix("findings.") in table
    assert all(len(line) < 160 for line in table.splitlines())


@pytest.mark.parametrize("name", sorted(fixed_figures()))
def test_every_figure_says_what_it_is_and_can_be_asked_for(name: str) -> None:
    figure = fixed_figures()[name]
    limit = {"word": (figure.words or ("root",))[0]}.get(figure.unit, "1")
    assert parse_rule(f"{name} == {limit}").figure == name
    assert figure.what
    assert figure.what[0].islower() or not figure.what[0].isalpha()
