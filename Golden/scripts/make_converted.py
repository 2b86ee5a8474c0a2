"""A GGUF file as llama.cpp's own converter makes it of a folder in Golden/architectures, without a vocabulary.

usage: make_converted.py LLAMA_CPP FOLDER OUT      (LLAMA_CPP: the sources, with convert_hf_to_gguf.py)
"""

import sys

llama_cpp, folder, out = sys.argv[1:]
sys.path[:0] = [llama_cpp, llama_cpp + "/gguf-py"]

import convert_hf_to_gguf  # noqa: E402


def without_vocabulary(original):
    def make(*arguments, **keywords):
        found = original(*arguments, **keywords)
        found.set_vocab = lambda self: None
        return found
    return make


convert_hf_to_gguf.get_model_class = without_vocabulary(convert_hf_to_gguf.get_model_class)
sys.argv = ["convert_hf_to_gguf.py", folder, "--outtype", "f32", "--outfile", out]
convert_hf_to_gguf.main()
