"""Tiny models that take what real ones take: tokens, masks, caches, pictures, sounds, lengths, words."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto, helper

from tests.builders import BOOL, FLOAT, INT64, model_of, value, weight

STRING = TensorProto.STRING

RNG = np.random.default_rng(5)
ROWS, SEGMENTS, POSITIONS, WIDTH = 37, 2, 64, 8


def integers(name: str, *numbers: int) -> TensorProto:
    return weight(name, np.array(numbers, np.int64))


def table(name: str, rows: int) -> TensorProto:
    return weight(name, RNG.normal(size=(rows, WIDTH)).astype(np.float32))


def encoder() -> ModelProto:
    """Return what BERT does with its three inputs: embeddings, positions up to 64, a mask made of 1 - x."""
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["w"]),
        helper.make_node("Gather", ["segments", "token_type_ids"], ["s"]),
        helper.make_node("Shape", ["input_ids"], ["size"]),
        helper.make_node("Slice", ["size", "one_index", "two_index"], ["length"]),
        helper.make_node("Slice", ["numbers", "zero_index", "length"], ["places"]),
        helper.make_node("Gather", ["positions", "places"], ["p"]),
        helper.make_node("Add", ["w", "s"], ["ws"]),
        helper.make_node("Add", ["ws", "p"], ["e"]),
        helper.make_node("Cast", ["attention_mask"], ["kept"], to=FLOAT),
        helper.make_node("Sub", ["one", "kept"], ["left"]),
        helper.make_node("Mul", ["left", "low"], ["bias"]),
        helper.make_node("Softmax", ["bias"], ["share"], axis=-1),
        helper.make_node("Unsqueeze", ["share", "two_index"], ["column"]),
        helper.make_node("Mul", ["e", "column"], ["y"]),
    ]
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [value(name, ["batch_size", "sequence_length"], INT64) for name in names]
    weights = [
        *(table("words", ROWS), table("segments", SEGMENTS), table("positions", POSITIONS)),
        *(integers("zero_index", 0), integers("one_index", 1), integers("two_index", 2)),
        weight("numbers", np.arange(POSITIONS)),
        weight("one", np.array(1, np.float32)),
        weight("low", np.array(-1e9, np.float32)),
    ]
    return model_of(nodes, inputs, [value("y", None)], weights)


def decoder() -> ModelProto:
    """Return what a decoder with a cache does: keys of the past joined with new ones, a mask over both."""
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["w"]),
        helper.make_node("Gather", ["positions", "position_ids"], ["p"]),
        helper.make_node("Add", ["w", "p"], ["e"]),
        helper.make_node("Concat", ["past_key_values.0.key", "e"], ["present.0.key"], axis=1),
        helper.make_node("Cast", ["attention_mask"], ["kept"], to=FLOAT),
        helper.make_node("Unsqueeze", ["kept", "axis"], ["column"]),
        helper.make_node("Mul", ["present.0.key", "column"], ["masked"]),
        helper.make_node("ReduceSum", ["masked"], ["logits"], keepdims=0),
    ]
    inputs = [
        value("input_ids", ["batch_size", "sequence_length"], INT64),
        value("attention_mask", ["batch_size", "past_sequence_length + sequence_length"], INT64),
        value("position_ids", ["batch_size", "sequence_length"], INT64),
        value("past_key_values.0.key", ["batch_size", "past_sequence_length", WIDTH]),
    ]
    weights = [table("words", ROWS), table("positions", POSITIONS), integers("axis", 2)]
    return model_of(nodes, inputs, [value("logits", None), value("present.0.key", None)], weights)


def pooled_picture(*dims: int | str | None, sides: int = 32, dtype: int = FLOAT) -> ModelProto:
    """Return a model that takes only pictures whose sides are multiples of some number: it reshapes them into tiles."""
    nodes = [
        helper.make_node("Cast", ["image"], ["float_image"], to=FLOAT),
        helper.make_node("MaxPool", ["float_image"], ["small"], kernel_shape=[sides, sides], strides=[sides, sides]),
        helper.make_node("Resize", ["small", "", "scales"], ["large"], mode="nearest"),
        helper.make_node("Sub", ["float_image", "large"], ["y"]),
    ]
    scales = weight("scales", np.array([1, 1, sides, sides], np.float32))
    return model_of(nodes, [value("image", dims, dtype)], [value("y", None)], [scales])


def two_rates() -> ModelProto:
    """Return an If on a sampling rate, whose branches take 576 samples only and gain differently."""

    def branch(name: str, factor: float) -> object:
        gain = weight(f"{name}_gain", np.full((1, 576), factor, np.float32))
        return helper.make_graph(
            [helper.make_node("Mul", ["input", f"{name}_gain"], [name])], name, [], [value(name, None)], [gain]
        )

    nodes = [
        helper.make_node("Equal", ["sr", "high_rate"], ["is_high"]),
        helper.make_node("If", ["is_high"], ["y"], then_branch=branch("fast", 2.0), else_branch=branch("slow", 3.0)),
    ]
    inputs = [value("input", [None, None]), value("sr", [], INT64)]
    return model_of(nodes, inputs, [value("y", None)], [weight("high_rate", np.array(16000))])


def everything() -> ModelProto:
    """Return a model of inputs of many kinds that share nothing: words, flags, doubles, halves, scalars, lengths, a table."""
    nodes = [
        helper.make_node("Identity", ["text"], ["o_text"]),
        helper.make_node("Not", ["flags"], ["o_flags"]),
        helper.make_node("Sqrt", ["wide"], ["o_wide"]),
        helper.make_node("Neg", ["narrow"], ["o_narrow"]),
        helper.make_node("Exp", ["threshold"], ["o_threshold"]),
        helper.make_node("Range", ["zero", "count", "step"], ["o_count"]),
        helper.make_node("OneHot", ["classes", "depth", "on_off"], ["o_classes"]),
        helper.make_node("GatherElements", ["grid", "cells"], ["o_cells"], axis=1),
    ]
    inputs = [
        *(value("text", ["n"], STRING), value("flags", [3, 4], BOOL), value("wide", [5], TensorProto.DOUBLE)),
        *(value("narrow", [2, 6], TensorProto.FLOAT16), value("threshold", []), value("count", [], INT64)),
        *(value("classes", [4], INT64), value("cells", [2, 5], TensorProto.INT32)),
    ]
    outputs = [
        *(value("o_text", None, STRING), value("o_flags", None, BOOL), value("o_wide", None, TensorProto.DOUBLE)),
        *(value("o_narrow", None, TensorProto.FLOAT16), value("o_threshold", None), value("o_count", None, INT64)),
        *(value("o_classes", None), value("o_cells", None)),
    ]
    weights = [
        *(weight("zero", np.array(0)), weight("step", np.array(1)), weight("depth", np.array(9))),
        *(weight("on_off", np.array([0, 1], np.float32)), weight("grid", np.zeros((2, 3), np.float32))),
    ]
    return model_of(nodes, inputs, outputs, weights)
