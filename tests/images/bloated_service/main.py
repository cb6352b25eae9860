"""Reads a line of text in a picture, over HTTP: FastAPI, ONNX Runtime, and a recognizer of PaddleOCR's."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import reading
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
settings = json.loads(Path.home().joinpath(".config", "reader.json").read_text())
recognizer = reading.Recognizer("/srv/model.onnx", threads=settings["threads"])


class Picture(BaseModel):
    """A picture as PNG in base64."""

    image: str


@app.get("/health")
def health() -> dict[str, str]:
    """Say that the model is there."""
    return {"status": "ok", "model": settings["name"]}


@app.post("/predict")
def predict(picture: Picture) -> dict[str, object]:
    """Return what is written there, how sure that is, and the scores that it was read from."""
    try:
        return recognizer.read(base64.b64decode(picture.image))
    except OSError as problem:
        raise HTTPException(422, "not a picture") from problem


@app.post("/explain")
def explain(picture: Picture) -> dict[str, object]:
    """Return what each letter could also be; its module and its table are loaded by the first who asks."""
    import explaining

    return explaining.explain(recognizer, base64.b64decode(picture.image))


@app.get("/certificates")
def certificates() -> dict[str, int]:
    """Return how many authorities a client in here would trust."""
    import ssl

    return {"authorities": len(ssl.create_default_context().get_ca_certs())}


@app.get("/revision")
def revision() -> dict[str, str]:
    """Return what a program beside this one says."""
    import subprocess

    done = subprocess.run(["/srv/app/revision.sh", "reader"], capture_output=True, text=True, check=True)
    return {"revision": done.stdout.strip()}


@app.get("/printed")
def printed() -> dict[str, str]:
    """Return a moment and a number as people in Berlin write them."""
    import datetime
    import locale
    import zoneinfo

    locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
    moment = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
    return {
        "moment": moment.strftime("%A, %d. %B %Y %H:%M %Z"),
        "number": locale.format_string("%.2f", 1234567.891, grouping=True),
    }
