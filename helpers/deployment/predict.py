"""Classify image files with the model beside this file: `python predict.py IMAGE [IMAGE ...]`.

This file is shipped with every artifact. It needs NumPy, Pillow, and TensorFlow (for a Keras file
or a SavedModel) or ai-edge-litert (for LiteRT), and nothing of the course that made the model.
It writes JSON: for each image its file and its probabilities in the order of the classes, or what
is wrong with it.
"""

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path

import numpy as np

AT_ONCE = 64  # images in a batch


def read_manifest(folder):
    """Return what `artifact.json` says about the model in this folder."""
    return json.loads((Path(folder) / "artifact.json").read_text(encoding="utf-8"))


def import_runtime(format, threads=1):
    """Import what runs a model of this format, and limit it to some threads of the processor."""
    if format.startswith("litert"):
        import ai_edge_litert.interpreter  # noqa: F401

        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def load_model(folder, threads=1):
    """Load the model of an artifact, without running any code that came with it.

    Args:
        folder: the artifact.
        threads: of the processor, for LiteRT; `import_runtime` sets them for TensorFlow.

    Returns:
        A function from images, float32 of shape (n, 32, 32, 3) in [0, 1], to probabilities, float32
        of shape (n, classes). Not to be called by two threads at once.
    """
    manifest = read_manifest(folder)
    file = str(Path(folder) / manifest["model"])
    load = {"keras": _load_keras, "saved_model": _load_saved_model}.get(manifest["format"])
    return load(file) if load else _load_litert(file, threads)


def _load_keras(file):
    import keras

    model = keras.saving.load_model(file, compile=False, safe_mode=True)
    return lambda images: model.predict(images, batch_size=max(len(images), 1), verbose=0)


def _load_saved_model(folder):
    import tensorflow as tf

    model = tf.saved_model.load(folder)
    return lambda images: model.serve(tf.constant(images)).numpy()


def _load_litert(file, threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(file, num_threads=threads)
    place = interpreter.get_input_details()[0]["index"]
    interpreter.allocate_tensors()

    def predict(images):
        reads = interpreter.get_input_details()[0]
        if tuple(reads["shape"]) != images.shape:
            interpreter.resize_tensor_input(place, images.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(place, _quantize(images, reads))
        interpreter.invoke()
        writes = interpreter.get_output_details()[0]
        return _dequantize(interpreter.get_tensor(writes["index"]), writes)

    return predict


def _quantize(numbers, tensor):
    """Return what an integer network reads: numbers / scale + zero point, rounded."""
    if tensor["dtype"] == np.float32:
        return numbers
    scale, zero = tensor["quantization"]
    limits = np.iinfo(tensor["dtype"])
    rounded = np.round(numbers / np.float32(scale) + np.float32(zero))
    return np.clip(rounded, limits.min, limits.max).astype(tensor["dtype"])


def _dequantize(numbers, tensor):
    if tensor["dtype"] == np.float32:
        return numbers
    scale, zero = tensor["quantization"]
    return (numbers.astype(np.float32) - np.float32(zero)) * np.float32(scale)


def classify(folder, files, threads=1):
    """Decode and classify image files; what is wrong with one does not touch the others.

    Returns:
        For each file a dictionary with `file`, and `probabilities` or `error`.
    """
    decoder = _load_decoder(folder)
    manifest = read_manifest(folder)
    answers, images, readable = [], [], []
    for file in files:
        answers.append({"file": str(file)})
        try:
            images.append(decoder.decode_image(file, manifest["input"]["pixels"]))
            readable.append(answers[-1])
        except decoder.ImageError as error:
            answers[-1]["error"] = str(error)
    import_runtime(manifest["format"], threads)
    predict = load_model(folder, threads)
    for start in range(0, len(images), AT_ONCE):
        rows = predict(np.stack(images[start : start + AT_ONCE]))
        for answer, row in zip(readable[start:], rows, strict=False):
            answer["probabilities"] = [float(number) for number in row]
    return answers


def _load_decoder(folder):
    """Load `decoder.py` by its path: nothing else in the folder becomes importable."""
    sys.dont_write_bytecode = True  # a new file would change the artifact
    spec = importlib.util.spec_from_file_location("decoder", Path(folder) / "decoder.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peak_memory():
    """Return the most memory in bytes that this process had at once; None where nobody counts."""
    try:
        # Not `ru_maxrss`: on Linux a new process inherits the peak of the one that started it.
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS


def main():
    """Read the command line, classify, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="*", metavar="IMAGE")
    parser.add_argument("--list", type=Path, help="a JSON file with a list of more images")
    parser.add_argument("--out", type=Path, help="where the JSON goes; printed if not given")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    files = list(options.images)
    if options.list:
        files += json.loads(options.list.read_text(encoding="utf-8"))
    folder = Path(__file__).resolve().parent
    result = {
        "classes": read_manifest(folder)["classes"],
        "images": classify(folder, files, options.threads),
        "peak_memory": peak_memory(),
    }
    text = json.dumps(result, indent=1)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
