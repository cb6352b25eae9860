"""A converted model beside the fp32 one it was made of: what is original, what was added, and the values of every constant."""

from __future__ import annotations

from dataclasses import dataclass, field

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

from inspector.optimize.half.element_types_child import FLOAT, FLOAT16, ElementType, Schemas, element_types
from inspector.optimize.half.graph_walk_child import all_graphs, all_nodes
from inspector.optimize.half.names_child import Names

FLOATS = (FLOAT, FLOAT16)


@dataclass(slots=True)
class HalfModel:
    """A model on its way to fp16; tensor and node names of the original still mean the same."""

    model: ModelProto
    """What a converter made of a stubbed copy."""
    kept: frozenset[str]
    half_io: frozenset[str]
    nodes: dict[str, NodeProto]
    """Nodes of the fp32 model by name."""
    kinds: dict[str, ElementType]
    """Element types of the fp32 model's tensors by name."""
    constants: dict[str, TensorProto]
    """Initializers of the fp32 model by name, and copies of them in another type by theirs."""
    names: Names
    schemas: Schemas
    types: dict[str, ElementType] = field(default_factory=dict)
    """Element types as they are now."""
    owners: dict[str, GraphProto] = field(default_factory=dict)
    """The graph that holds an initializer, by its name."""
    casts: dict[str, str] = field(default_factory=dict)
    """What an added Cast makes, by what it makes it of."""
    copies: dict[tuple[str, int], str] = field(default_factory=dict)
    """Initializers in another element type: by name and type, the copy's name."""
    added: int = 0
    """Casts that were missing."""

    @classmethod
    def of(cls, original: ModelProto, converted: ModelProto, kept: frozenset[str], half_io: frozenset[str]) -> HalfModel:
        """Return the two side by side."""
        constants = {tensor.name: tensor for graph in all_graphs(original) for tensor in graph.initializer}
        nodes = {node.name: node for node in all_nodes(original)}
        kinds = element_types(original)
        found = cls(converted, kept, half_io, nodes, kinds, constants, Names(converted), Schemas(original))
        for graph in all_graphs(converted):
            for tensor in graph.initializer:
                found.owners[tensor.name] = graph
                found.types[tensor.name] = int(tensor.data_type)
        found._recognize_constants()
        return found

    def _recognize_constants(self) -> None:
        """Find out which constants a converter stored anew: a node takes it where it took the constant before."""
        for node in all_nodes(self.model):
            before = self.nodes.get(node.name)
            for name, was in zip(node.input, before.input if before is not None else (), strict=False):
                if name in self.owners and name not in self.constants and was in self.constants:
                    self.constants[name] = self.constants[was]
                    self.copies.setdefault((was, int(self.types[name] or FLOAT)), name)

    def original(self, node: NodeProto) -> NodeProto | None:
        """Return the fp32 model's node of that name, None for what the converter added."""
        return self.nodes.get(node.name)

    def is_added_cast(self, node: NodeProto) -> bool:
        """Return whether the converter put this Cast between floats."""
        return node.op_type == "Cast" and node.name not in self.nodes

    def is_kept(self, node: NodeProto) -> bool:
        """Return whether a node keeps the element types of the fp32 model."""
        return node.name in self.kept

    def original_input(self, node: NodeProto, index: int) -> ElementType:
        """Return the element type that input had in the fp32 model."""
        before = self.nodes.get(node.name)
        return self.kinds.get(before.input[index]) if before is not None and index < len(before.input) else None

    def original_outputs(self, node: NodeProto) -> list[ElementType]:
        """Return the element types that the outputs had in the fp32 model."""
        before = self.nodes.get(node.name)
        return [self.kinds.get(name) for name in before.output] if before is not None else []

    def sources(self, name: str) -> list[str]:
        """Return the tensor and those it was cast from by added Casts, the first one last."""
        chain = [name]
        while chain[-1] in self.casts and self.casts[chain[-1]] not in chain:
            chain.append(self.casts[chain[-1]])
        return chain

    def root(self, name: str) -> str:
        """Return the tensor that added Casts made this one of."""
        return self.sources(name)[-1]

    def copy_of(self, name: str, kind: int) -> str:
        """Return the name of an initializer that holds the same constant in another element type."""
        key = name, kind
        if key not in self.copies:
            new = self.names.fresh(f"{name}_{'fp16' if kind == FLOAT16 else 'fp32'}")
            tensor = self.owners[name].initializer.add()
            tensor.name, tensor.data_type = new, kind
            tensor.dims.append(0)
            self.owners[new], self.types[new], self.constants[new] = self.owners[name], kind, self.constants[name]
            self.copies[key] = new
        return self.copies[key]

    def is_constant(self, name: str) -> bool:
        """Return whether the tensor is an initializer whose values the fp32 model knows."""
        return name in self.owners and name in self.constants

    def make_cast(self, name: str, kind: int) -> NodeProto:
        """Return a new Cast of a tensor to an element type; where it goes is for the caller to say."""
        output = self.names.fresh(f"{name}_{'fp16' if kind == FLOAT16 else 'fp32'}")
        self.casts[output], self.types[output] = name, kind
        self.added += 1
        return helper.make_node("Cast", [name], [output], self.names.fresh(f"Cast_{output}"), to=kind)
