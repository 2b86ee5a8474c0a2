"""Makes Golden/architectures/NAME/listing.json: what llama.cpp's converter makes of a fixture's folder, as keys and as
names, shapes and hashes of the weights (FNV-1a of 64 bits over the f32 numbers).

usage: make_listings.py LLAMA_CPP_SOURCES GOLDEN_ARCHITECTURES NAME...
"""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile

import numpy as np


def convert(sources, folder, out):
    """Runs the converter without a tokenizer, which the fixtures lack."""
    sys.path[:0] = [sources, sources + "/gguf-py"]
    import conversion
    import conversion.base
    import convert_hf_to_gguf

    def set_vocab(model):
        model.gguf_writer.add_tokenizer_model("none")

    def patch(kind):
        for derived in kind.__subclasses__():
            derived.set_vocab = set_vocab
            patch(derived)

    for module in pkgutil.iter_modules(conversion.__path__):
        importlib.import_module("conversion." + module.name)
    patch(conversion.base.ModelBase)
    sys.argv = ["convert", folder, "--outfile", out, "--outtype", "f32"]
    convert_hf_to_gguf.main()


def fnv(data):
    # The usual loop in numpy would be slow: the hash is over words of 64 bits, the last one filled with zeros.
    words = np.frombuffer(data + b"\0" * (-len(data) % 8), dtype="<u8")
    value = 0xCBF29CE484222325
    for word in words.tolist():
        value = ((value ^ word) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def listing(path):
    from gguf import GGUFReader

    reader = GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()
    keys = {
        name: field.contents() for name, field in reader.fields.items()
        if name == "general.architecture" or name.startswith(architecture + ".")
    }
    tensors = {}
    for t in reader.tensors:
        data = np.asarray(t.data)
        assert data.dtype == np.float32, (t.name, data.dtype)
        tensors[t.name] = {"shape": [int(n) for n in reversed(t.shape)], "hash": fnv(data.tobytes())}
    return {"keys": keys, "tensors": tensors}


def main():
    sources, golden, *names = sys.argv[1:]
    if names[:1] == ["--one"]:
        return convert(sources, golden, names[1])
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            out = f"{folder}/model.gguf"
            run = subprocess.run(
                [sys.executable, __file__, sources, f"{golden}/{name}", "--one", out], capture_output=True, text=True)
            if run.returncode != 0:
                print(name, "is not converted:", run.stderr.strip().splitlines()[-1])
                continue
            with open(f"{golden}/{name}/listing.json", "w") as f:
                json.dump(listing(out), f, indent=1, sort_keys=True)
                f.write("\n")
            print(name, os.path.getsize(f"{golden}/{name}/listing.json"))


main()
