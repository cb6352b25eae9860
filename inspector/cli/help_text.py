"""What --help says; written out, since it is read more often than it changes and argparse takes longer than Python itself.

A test holds it against the parser: every option is here, and nothing that is no option.
"""

from __future__ import annotations

HELP = """\
usage: modelpack-tui [ARTIFACT ...] [--report [FILE]] [options]

Open a packaged model in the terminal and see what is inside: its graph,
operators, weights, cost, and what a reader should know; of a container image
its layers, files, waste, packages, and the models in it. Structure comes first;
gigabytes of weights are never loaded for it. Make an ONNX model or a SavedModel
smaller and faster, and an image smaller, with proof that it still does the same
job.
Measure how it starts and how fast it answers, before and after.

  ARTIFACT          what to open: an ONNX file, a .tflite file, a SavedModel's
                    folder, a serving folder of versions, or an image: an
                    archive (docker save, OCI; plain, gzip, zstd), an OCI
                    layout's folder, or docker://name:tag on the engine that
                    DOCKER_HOST names;
                    name:tag alone, where no such file is, is tried there, too;
                    or a review.json that --report wrote;
                    without it, a screen to choose one in;
                    several, a folder of them or a 'pattern/**' are one run:
                    --report FOLDER/ has a report of each and an index

what you get
  --report [FILE]   write a report instead of opening the workbench: to FILE,
                    whose suffix picks the format (.txt .md .json .html .sarif
                    .xml for JUnit), or to standard output (no FILE, or -);
                    repeatable
  --format FORMAT   text, md, json, html, sarif or junit, whatever the suffix
  --jobs N          how many of several artifacts at the same time
  --digest          read every byte: add sha256 digests, confirm duplicate
                    weights to the last one, and verify every layer

what must hold
  --fail-if RULE    exit code 1 where this is so, such as 'size_bytes > 300MB',
                    'latency.p99 > 1.05x', 'findings.high > 0'; repeatable;
                    help: list everything that rules can look at
  --rules FILE      a file of rules and exemptions (default: modelpack.toml, or
                    [tool.modelpack-tui] of pyproject.toml, found upward)
  --no-rules        read no file of rules
  --baseline REVIEW.json
                    hold it against an earlier review
  --allow-unknown   let a rule pass that could not be decided
  --contract FILE   hold the artifact against a contract (YAML or JSON): the
                    report has a check for each promise, the exit code is 1
                    where one fails, and --apply is bound by it
  --write-contract [FILE]
                    write the contract that the artifact keeps as it is, to
                    begin with: to FILE (.yaml or .json) or to standard output

make an ONNX model or a SavedModel smaller and faster
  --apply STEPS     apply these in order, each judged against the original;
                    joined by commas
                    ONNX: simplify, fp16, int8 (static or dynamic, as the model
                    and this machine suggest), int8-dynamic, warmstart (starts
                    sooner, here)
                    SavedModel: prune (only what serving needs), simplify,
                    to-onnx (then as ONNX), to-litert; fp16, int8 and
                    int8-dynamic make a .tflite, or, where --output ends in
                    .onnx, go by to-onnx
  --output PATH     write the last accepted result there, with its contract;
                    without it nothing is written; never over the input
  --data FILE.npz   real inputs by name, first axis samples, and labels for the
                    contract's metric; default: inputs made for the model
  --allow CHANGE    let a step do what is otherwise a reason for rejection:
                    io-dtype  change the element types of inputs and outputs
                    static-dims  fix a length that may vary
                    opset  raise an operator set   growth  become larger
                    cpu-bound  use operators of this runtime and processor
                    repeatable, or joined by commas
  --keep-fp32 NODE  a node that stays in fp32, by name or as #12; repeatable
  --keep-signature NAME
                    of a SavedModel: what becomes of it has this signature, and
                    no other that is not named; repeatable (default: all)
  --budget TIME     how long one step may search, such as 60s or 5m, and
                    about how long --bench measures (default 60s)
  --memory SIZE     how much memory one child process, or a container, may
                    take, such as 4GiB
  --threads N       threads of a session (default: as many as cores); --bench
                    takes several: 1,2
  --seed N          the seed of inputs that are made (default 0)

publish a SavedModel for model servers
  --version N       with --output FOLDER: write FOLDER/N, the SavedModel as it
                    is or as --apply made it, with its contract, all at once: a
                    server never sees half of it; next: the number after the
                    largest; refused where the signatures differ from those of
                    the version before (--allow signature-drift)
  --warm-up N       requests of each signature that a server replays before it
                    takes traffic: from --data, or made (default 8; 0: none)

make an image smaller
  --apply slim      write a smaller image, and prove on an engine that it still
                    serves; without an engine flatten and clean run, unproven
  --output PATH     an archive (image.tar), an OCI layout (folder/), or
                    docker://name:tag: where the last accepted level goes
  --slim-level LEVELS
                    flatten  every file once: nothing is lost but waste
                    clean    without leftovers (caches, tests, headers ...)
                    trace    only what --exercise was seen to use
                    joined by commas (default: all of them)
  --slim-keep WHAT  stays: a kind of leftover (tests), package:NAME, or a glob
                    of paths (/opt/models/**); repeatable; wins over
  --slim-drop WHAT  goes: the same; repeatable
  --exercise WHAT   what a container is made to do, whose answers must stay as
                    they are: requests.http (a file of HTTP requests),
                    contract:http://localhost:PORT/PATH (the contract's inputs,
                    or those of --data), or a command in it; repeatable
  --layer-compression HOW
                    gzip or zstd (default gzip)
                    --image-command, --ready, --budget, --memory, --contract and
                    --bench belong to it, too

measure it, and prove which is faster
  --bench           measure cold start and latency; with --apply before and
                    after, with --compare both artifacts, in random order
  --compare OTHER   what tells another artifact, or a review, from this one;
                    with --bench both are measured side by side, too
  --measure KINDS   cold-start, latency (default: both)
  --device DEVICE   auto, cpu or cuda (default auto); never a silent fall-back
  --cache STATES    cold, warm: whether files are in memory when a process
                    starts (default: both)
  --cpus N          starts under CPU quotas as well, such as 1,0.5,0.25
  --load SHARES     requests at random times, at these shares of what the model
                    can take, such as 50%,70%,90%
  --signature NAME  which signature of a SavedModel; of --data, too
  --image-command COMMAND
                    what an image runs, in place of its own
  --ready HOW       when an image is ready: http://HOST:PORT/PATH answers,
                    log:TEXT is printed, or exit (default: its health check, or
                    its first output)
  --bandwidth RATE  at which a pull is modelled (default 1Gbit/s)
  --replay REVIEW.json
                    measure what a review measured again, and compare

which image
  --platform OS/ARCH[/VARIANT]
                    the one to open where an index has several, such as
                    linux/arm64 (default: the one for this machine)
  --batch N         the batch size at which costs are evaluated (default 1);
                    --bench takes several: 1,8
  --dim NAME=N      the length of a symbolic dimension, such as sequence=128;
                    repeatable

about
  --schema          print the JSON Schema of the report
  --completion SHELL
                    print what completes this command line in bash, zsh or fish:
                    source <(modelpack-tui --completion bash)
  --version         without a number: print the version of this program
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
  modelpack-tui model.onnx --apply simplify,fp16 --output smaller.onnx
  modelpack-tui model.onnx --apply int8 --data inputs.npz --contract terms.yaml
  modelpack-tui model.onnx --write-contract terms.yaml
  modelpack-tui model.onnx --bench --batch 1,8 --budget 2m
  modelpack-tui model.onnx --apply int8 --bench --report review.json
  modelpack-tui saved_model/ --output serving/ --version 4
  modelpack-tui image.tar --bench --ready http://127.0.0.1:8080/health
  modelpack-tui image.tar --apply slim --exercise load.http --output small.tar

Without a terminal the report is printed. Standard output carries data and
nothing else; progress and errors go to standard error. NO_COLOR is honored.

exit codes
  0 fine   1 a check failed, or a step was rejected   2 usage, or a missing
  package   3 the artifact cannot be read   4 the operation failed
  130 interrupted   101 a bug of ours, whose traceback is saved into a file that
  the message names
"""


def asks_for_help(arguments: list[str]) -> bool:
    """Return whether -h or --help stands among the options."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "-h" in options or "--help" in options
