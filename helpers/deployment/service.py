"""A model answers over HTTP: an image file comes in, classes and probabilities go out.

`build_app` makes the application, with FastAPI. `helpers.deployment.server` listens with it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, BinaryIO

import numpy as np
from fastapi import FastAPI, File, HTTPException, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import helpers
from helpers.deployment import predict
from helpers.deployment.artifact import Artifact
from helpers.deployment.decoder import (
    FORMATS,
    MOST_PIXELS,
    ImageError,
    ImageTooLargeError,
    decode_image,
)

HOW_TO_SEND = "Send one image file as `file` of a form: curl -F file=@picture.png ADDRESS/classify"


@dataclass(frozen=True)
class Limits:
    """What one client may cost all the others.

    Attributes:
        body_bytes: of a request: the image file, and the form around it.
        receive_seconds: from the headers of a request to its last byte.
        answer_seconds: from there to the answer, waiting for other requests included.
        exchange_seconds: for all of it; after that the connection is cut.
        connections: at the same time; more are told to come back later.
    """

    body_bytes: int = 10_000_000
    receive_seconds: float = 10.0
    answer_seconds: float = 10.0
    exchange_seconds: float = 30.0
    connections: int = 128


class ClassProbability(BaseModel):
    """One of the classes."""

    name: str
    probability: float


class Answer(BaseModel):
    """What the model says about an image."""

    top: str = Field(description="The most probable class.")
    classes: list[ClassProbability] = Field(description="All of them, the most probable first.")
    version: str = Field(description="Of the model, as /version tells it.")


class Problem(BaseModel):
    """Why there is no answer, and what to do."""

    detail: str


class Health(BaseModel):
    """Whether the service works."""

    status: str = "ok"


class Version(BaseModel):
    """Which model answers, and what made it."""

    version: str = Field(description="Changes with any byte of model, classes or scripts.")
    format: str
    classes: list[str]
    pixels: int = Field(description="Width and height of what the network sees of an image.")
    course: str
    made_with: dict[str, str]


class Classifier:
    """A model that classifies image files one after another, in a thread of its own.

    One at a time, because a model is not to be called by two threads at once, and because then the
    service needs the memory of one unpacked image, however many clients there are.
    """

    def __init__(self, artifact: Artifact):
        self._pixels = artifact.pixels
        predict.import_runtime(artifact.format)
        self._predict = predict.load_model(artifact.folder)
        self._predict(np.zeros((1, self._pixels, self._pixels, 3), np.float32))  # the first is slow
        self._thread = ThreadPoolExecutor(max_workers=1)

    async def classify(self, file: BinaryIO) -> list[float]:
        """Return the probabilities for an image file, in the order of the classes.

        Raises:
            ImageError: it cannot be decoded.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._classify, file)

    def _classify(self, file: BinaryIO) -> list[float]:
        # `open_artifact` has seen that this decoder is the artifact's own, byte by byte.
        image = decode_image(file, self._pixels)
        return [float(number) for number in self._predict(image[np.newaxis])[0]]


class LimitedBody:
    """A layer around an application that refuses what is sent too slowly, or is too much.

    It counts what comes, because a request need not tell its length, and could lie about it.
    """

    def __init__(self, app: ASGIApp, limits: Limits):
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _told_length(scope) > self._limits.body_bytes:
            problem = self._too_large()
            response = JSONResponse({"detail": problem.detail}, problem.status_code)
            await response(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + self._limits.receive_seconds
        received, more_comes = 0, True

        async def receive_limited() -> Message:
            nonlocal received, more_comes
            try:
                async with asyncio.timeout_at(deadline if more_comes else None):
                    message = await receive()
            except TimeoutError:
                raise self._too_slow() from None
            received += len(message.get("body", b""))
            more_comes = message.get("more_body", False)
            if received > self._limits.body_bytes:
                raise self._too_large()
            return message

        await self._app(scope, receive_limited, send)

    def _too_large(self) -> HTTPException:
        most = self._limits.body_bytes / 1e6
        return HTTPException(413, f"The request is too large: at most {most:g} MB are read here.")

    def _too_slow(self) -> HTTPException:
        seconds = self._limits.receive_seconds
        detail = f"The request did not arrive within {seconds:g} seconds. Send it again."
        return HTTPException(408, detail, headers={"Connection": "close"})


def _told_length(scope: Scope) -> int:
    """Return the length that a request's headers tell; 0 if they do not."""
    told = dict(scope["headers"]).get(b"content-length", b"0")
    return int(told) if told.isdigit() else 0


def build_app(artifact: Artifact, limits: Limits) -> FastAPI:
    """Return the application that answers with an artifact; loads its model.

    Args:
        artifact: as `open_artifact` returns it.
        limits: what one client may cost.
    """
    classifier = Classifier(artifact)
    app = FastAPIOffline(
        title="A picture classifier",
        version=artifact.version,
        description=_describe(artifact, limits),
        redoc_url=None,
    )
    app.add_middleware(LimitedBody, limits=limits)

    @app.exception_handler(RequestValidationError)
    async def say_how_to_send(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": HOW_TO_SEND}, 422)

    @app.get("/", include_in_schema=False)
    async def show_documentation() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.post("/classify", responses=PROBLEMS)
    async def classify(
        file: Annotated[UploadFile, File(description=f"An image: {', '.join(FORMATS)}.")],
    ) -> Answer:
        """Classify an image file."""
        try:
            async with asyncio.timeout(limits.answer_seconds):
                probabilities = await classifier.classify(file.file)
        except ImageTooLargeError as error:
            raise HTTPException(413, f"The image is too large. {error}") from None
        except ImageError as error:
            raise HTTPException(422, f"The file cannot be classified. {error}") from None
        except TimeoutError:
            detail = "Too many requests are waiting. Try again in some seconds."
            raise HTTPException(503, detail, headers={"Retry-After": "5"}) from None
        pairs = zip(artifact.class_names, probabilities, strict=True)
        ranked = sorted(pairs, key=lambda pair: -pair[1])
        classes = [ClassProbability(name=name, probability=value) for name, value in ranked]
        return Answer(top=classes[0].name, classes=classes, version=artifact.version)

    @app.get("/health")
    async def health() -> Health:
        """Tell that the service works: it does not listen before its model is loaded."""
        return Health()

    @app.get("/version")
    async def version() -> Version:
        """Tell which model answers."""
        return Version(
            version=artifact.version,
            format=artifact.format,
            classes=list(artifact.class_names),
            pixels=artifact.pixels,
            course=helpers.__version__,
            made_with=predict.read_manifest(artifact.folder)["made_with"],
        )

    return app


PROBLEMS = {
    408: {"model": Problem, "description": "The request came too slowly."},
    413: {
        "model": Problem,
        "description": "The file has too many bytes, or the image too many pixels.",
    },
    422: {"model": Problem, "description": "There is no file, or it is no image that can be read."},
    503: {"model": Problem, "description": "Too many requests are waiting."},
}


def _describe(artifact: Artifact, limits: Limits) -> str:
    """Return the introduction of the page of documentation."""
    return (
        f"Tells which of {len(artifact.class_names)} classes an image shows: "
        f"{', '.join(artifact.class_names)}. It names one of them for any image, also for one of "
        f"something else. The network sees the middle of the image at {artifact.pixels} x "
        f"{artifact.pixels} pixels.\n\nA request has at most {limits.body_bytes / 1e6:g} MB, an "
        f"image at most {MOST_PIXELS / 1e6:g} million pixels. Nothing that is sent is kept."
    )
