"""What --help says; written out, since it is read more often than it changes and argparse takes longer than Python itself.

A test holds it against the parser: every option is here, and nothing that is no option.
"""

from __future__ import annotations

HELP = """\
usage: modelpack-tui [ARTIFACT] [--report [FILE]] [options]

Open a packaged model in the terminal and see what is inside: its graph,
operators, weights, cost, and what a reader should know; of a container image
its layers, files, waste, packages, and the models in it. Structure comes first;
gigabytes of weights are never loaded for it.

  ARTIFACT          what to open: an ONNX file, a SavedModel's folder, a serving
                    folder of numbered versions, or an image: an archive (docker
                    save, OCI; plain, gzip, zstd), an OCI layout's folder, or
                    docker://name:tag on the engine that DOCKER_HOST names;
                    name:tag alone, where no such file is, is tried there, too;
                    without it, a screen to choose one in

what you get
  --report [FILE]   write a report instead of opening the workbench: to FILE,
                    whose suffix picks the format (.txt .md .json), or to
                    standard output (no FILE, or -)
  --format FORMAT   text, md or json, whatever the suffix
  --digest          read every byte: add sha256 digests, confirm duplicate
                    weights to the last one, and verify every layer

which image
  --platform OS/ARCH[/VARIANT]
                    the one to open where an index has several, such as
                    linux/arm64 (default: the one for this machine)
  --batch N         the batch size at which costs are evaluated (default 1)
  --dim NAME=N      the length of a symbolic dimension, such as sequence=128;
                    repeatable

about
  --schema          print the JSON Schema of the report
  --version         print the version
  -h, --help        print this

examples
  modelpack-tui model.onnx                       open the workbench
  modelpack-tui saved_model/                     the same for a SavedModel
  modelpack-tui model.onnx --report              print what it found
  modelpack-tui model.onnx --report review.md    write it for a pull request
  modelpack-tui image.tar                        layers, files, waste, packages
  modelpack-tui docker://name:tag --report       what an engine's image holds
  modelpack-tui model.onnx --format json | jq .graph.flops
  modelpack-tui model.onnx --report --batch 8 --dim sequence=128

Without a terminal the report is printed. Standard output carries data and
nothing else; progress and errors go to standard error. NO_COLOR is honored.

exit codes
  0 fine   2 usage, or a missing package   3 the artifact cannot be read
  4 the operation failed   130 interrupted   101 a bug of ours, whose traceback
  is saved into a file that the message names
"""


def asks_for_help(arguments: list[str]) -> bool:
    """Return whether -h or --help stands among the options."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "-h" in options or "--help" in options
