#!/usr/bin/env python3
"""Trains small tokenizers of every kind with the Rust `tokenizers` library and writes what it makes of the golden texts.

usage: make_tokenizer_json.py TOKENIZER_DIR OUT_DIR [VOCABULARIES]

Needs: pip install tokenizers==0.23.3 unicodedata2==15.1.0. TOKENIZER_DIR holds mixed.txt.bin and random.bin; they are the
training text, too, so that the vocabularies are nobody's. OUT_DIR gets NAME.json for each tokenizer and `expected.json`:
FNV-1a over the four bytes of each id, for every 4 KiB of the mixed text (cut at a line feed) and for every 100 random
strings, each string ended by 0xFFFFFFFF; and of every 100 random strings decoded again, each ended by a zero byte.
Strings with surrogates are left out, and those with characters that Unicode 15.1 does not assign or that the library classes
otherwise (its tables are several, some newer and some older); `skipped` lists them. Bytes that are no UTF-8 are read as Golden/README.md says.

With VOCABULARIES (the folder of `ggml-vocab-*.gguf`), those of the families that Benchmarks/peers/export_tokenizer.py knows
are exported and checked as well, under the file's name, without a fixture of their own.
"""

import functools
import json
import os
import struct
import subprocess
import sys
import tempfile

import unicodedata2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from make_families import fnv, pairs

import numpy as np

END = np.array([0xFFFFFFFF], "<u4")
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTION}|\p{{N}}{{1,3}}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN = GPT4O.replace(CONTRACTION, "").replace(r"\p{N}{1,3}", r"\p{N}")
DEEPSEEK3 = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def lenient(data):
    """The text of bytes as our reader repairs them; nothing where surrogates come out."""
    out, i = [], 0
    while i < len(data):
        f = data[i]
        n = 1 if f < 0x80 else 0 if f < 0xC0 else 2 if f < 0xE0 else 3 if f < 0xF0 else 4 if f < 0xF8 else 0
        if n and i + n <= len(data) and all(c & 0xC0 == 0x80 for c in data[i + 1 : i + n]):
            v = f & [0, 0x7F, 0x1F, 0xF, 7][n]
            for c in data[i + 1 : i + n]:
                v = v << 6 | c & 0x3F
            if 0xD800 <= v < 0xE000:
                return None
            if v <= 0x10FFFF:
                out.append(chr(v))
                i += n
                continue
        out.append("\ufffd")
        i += 1
    return "".join(out)


@functools.cache
def is_common(c):
    """Whether the library's old tables class a character as Unicode 15.1 does."""
    category = unicodedata2.category(c)
    if category[0] == "M":
        bert = normalizers.BertNormalizer(strip_accents=True, lowercase=False)
        return normalizers.StripAccents().normalize_str(c) == "" and (category != "Mn" or bert.normalize_str(c) == "")
    if category[0] == "P":
        return len(pre_tokenizers.Punctuation().pre_tokenize_str("a" + c)) == 2
    return category != "Cn"


def usable(data):
    text = lenient(data)
    return text if text is not None and all(map(is_common, text)) else None


def blocks(data):
    """The text in parts of about 4 KiB that end behind a line feed."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(start + 4096, len(data) - 1))
        end = len(data) if end < 0 else end + 1
        yield data[start:end]
        start = end


def split(regex, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(regex), behavior, invert)


def byte_level(pre, size=900, **model):
    t = Tokenizer(models.BPE(**model))
    t.pre_tokenizer = pre
    t.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return t, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)


BYTES = [f"<0x{b:02X}>" for b in range(256)]


def roberta():
    t, trainer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True))
    yield t, trainer
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    t.add_tokens([AddedToken("kernel", single_word=True, normalized=True), AddedToken("->", rstrip=True, lstrip=True)])


def llama3():
    t, trainer = byte_level(pre_tokenizers.Sequence([split(LLAMA3), pre_tokenizers.ByteLevel(False, use_regex=False)]), ignore_merges=True)
    t.normalizer = normalizers.NFC()
    yield t, trainer
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)])


def gpt4o():
    t, trainer = byte_level(pre_tokenizers.Sequence([split(GPT4O, "removed", True), pre_tokenizers.ByteLevel(False, use_regex=False)]))
    yield t, trainer


def tekken():
    t, trainer = byte_level(pre_tokenizers.Sequence([split(TEKKEN), pre_tokenizers.ByteLevel(False, use_regex=False)]), ignore_merges=True)
    yield t, trainer


def deepseek3():
    t, trainer = byte_level(
        pre_tokenizers.Sequence(
            [split(r"\p{N}{1,3}"), split("[一-龥\u3040-ゟ゠-ヿ]+"), split(DEEPSEEK3), pre_tokenizers.ByteLevel(False, use_regex=False)]
        )
    )
    yield t, trainer


def llama2():
    t = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    # Without a cut, pairs are counted over whole lines.
    yield t, trainers.BpeTrainer(vocab_size=900, special_tokens=["<unk>", "<s>", "</s>"] + BYTES, limit_alphabet=300, max_token_length=16, show_progress=False)
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])


def mistral():
    t = Tokenizer(models.BPE(fuse_unk=False, unk_token="<unk>"))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    t.decoder = decoders.Metaspace(prepend_scheme="first")
    yield t, trainers.BpeTrainer(vocab_size=900, special_tokens=["<unk>", "<s>", "</s>"], limit_alphabet=400, show_progress=False)


def unigram():
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    yield t, trainers.UnigramTrainer(vocab_size=900, unk_token="<unk>", special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False)
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])


def xlnet():
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    t.decoder = decoders.Metaspace()
    yield t, trainers.UnigramTrainer(vocab_size=900, unk_token="<unk>", special_tokens=["<unk>", "<s>", "</s>"], show_progress=False)


def bert():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece(cleanup=False)
    yield t, trainers.WordPieceTrainer(vocab_size=1200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], limit_alphabet=500, show_progress=False)
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))


def cased():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(True)])
    t.decoder = decoders.WordPiece(cleanup=False)
    yield t, trainers.WordPieceTrainer(vocab_size=1200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], limit_alphabet=500, show_progress=False)


KINDS = [roberta, llama3, gpt4o, tekken, deepseek3, llama2, mistral, unigram, xlnet, bert, cased]
EXPORTED = ["bert-bge", "deepseek-llm"]


def expectations(t, texts, strings):
    t.encode_special_tokens = True
    ids = lambda text: t.encode(text).ids
    encoded = [ids(s) for s in strings]
    plain = [t.encode(s, add_special_tokens=False).ids for s in strings]
    decoded = [t.decode(i, skip_special_tokens=True) for i in plain]
    join = lambda part: np.concatenate([x for i in part for x in (np.array(i, "<u4"), END)])
    return {
        "mixed": [fnv(np.array(ids(text), "<u4")) for text in texts],
        "random": [fnv(join(encoded[k : k + 100])) for k in range(0, len(strings), 100)],
        "decoded": [fnv8("\0".join(decoded[k : k + 100]).encode() + b"\0") for k in range(0, len(strings), 100)],
    }


def fnv8(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    return "%016x" % h


def main():
    folder, out = sys.argv[1:3]
    data = open(f"{folder}/mixed.txt.bin", "rb").read()
    texts = [(i, usable(b)) for i, b in enumerate(blocks(data))]
    strings = [(i, usable(s)) for i, s in enumerate(pairs(f"{folder}/random.bin"))]
    answer = {
        "skippedBlocks": [i for i, s in texts if s is None], "skipped": [i for i, s in strings if s is None], "tokenizers": {},
    }
    texts, strings = [s for _, s in texts if s is not None], [s for _, s in strings if s is not None]
    corpus = [line for text in texts for line in text.splitlines()]
    for kind in KINDS:
        steps = kind()
        t, trainer = next(steps)
        # The unigram trainer wants room for every character it sees.
        lines = [line for line in corpus if max(line, default="") < "\u0250"] if "nigram" in str(trainer) else corpus
        t.train_from_iterator(lines, trainer)
        next(steps, None)
        path = f"{out}/{kind.__name__}.json"
        made = json.loads(t.to_str())
        # The trainer counts the bytes' tokens as added ones, which real files do not.
        made["added_tokens"] = [a for a in made["added_tokens"] if not a["content"].startswith("<0x")]
        if made["model"]["type"] == "Unigram":
            # Sums of such scores are exact, so that ties are ties however a library reads numbers.
            made["model"]["vocab"] = [[text, round(score * 4096) / 4096] for text, score in made["model"]["vocab"]]
        json.dump(made, open(path, "w"), ensure_ascii=False, separators=(",", ":"))
        answer["tokenizers"][kind.__name__] = expectations(Tokenizer.from_file(path), texts, strings)
        print(kind.__name__, t.get_vocab_size(), os.path.getsize(path), file=sys.stderr)
    for name in EXPORTED if len(sys.argv) > 3 else []:
        with tempfile.TemporaryDirectory() as temporary:
            path = f"{temporary}/tokenizer.json"
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Benchmarks/peers/export_tokenizer.py")
            subprocess.run([sys.executable, script, f"{sys.argv[3]}/ggml-vocab-{name}.gguf", path], check=True)
            answer["tokenizers"]["ggml-vocab-" + name] = expectations(Tokenizer.from_file(path), texts, strings)
            print(name, file=sys.stderr)
    json.dump(answer, open(f"{out}/expected.json", "w"), separators=(",", ":"))


main()
