"""TensorFlow's own graph optimizer, run once and for all instead of at every load. In children only."""

from __future__ import annotations

from typing import Any, Final

OPTIMIZERS: Final = ("function", "pruning", "constfold", "shape", "arithmetic", "dependency")
"""Not remap: what it fuses are operators that only TensorFlow's runtime on this kind of processor has."""


def optimized(graph: Any, tensors: list[str]) -> Any:
    """Return a GraphDef after Grappler, with the nodes of the named tensors (inputs and outputs) kept.

    Source: https://www.tensorflow.org/guide/graph_optimization
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    config = config_pb2.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.min_graph_nodes = -1
    rewrite.meta_optimizer_iterations = rewrite.TWO
    rewrite.optimizers.extend(OPTIMIZERS)
    rewrite.common_subgraph_elimination = rewrite.ON
    kept = meta_graph_pb2.CollectionDef()
    kept.node_list.value.extend(tensors)
    with tf.Graph().as_default():
        tf.import_graph_def(graph, name="")
        meta_graph = tf.compat.v1.train.export_meta_graph(graph_def=graph)
    meta_graph.collection_def["train_op"].CopyFrom(kept)
    return tf_optimizer.OptimizeGraph(config, meta_graph)
