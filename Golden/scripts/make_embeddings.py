"""What sentence-transformers makes of texts of every kind with all-MiniLM-L6-v2, in float32.

usage: make_embeddings.py MODEL_FOLDER OUT COUNT      (OUT is Golden/embeddings; layout in Golden/README.md)

Pinned versions: Benchmarks/peers/requirements.txt.
"""

import json
import os
import random
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

folder, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_grad_enabled(False)
model = SentenceTransformer(folder, device="cpu")

FIXED = [
    "", " ", "\t \n", "a", ".", "!?", "The", "water", "The river runs faster where its bed is narrow.",
    "the RIVER runs FASTER where its bed is NARROW", "  spaces   before,  between \t and after  ",
    "naïve café résumé coöperate Ångström", "naive cafe resume cooperate Angstrom", "ÀÉÎÕÜ àéîõü ßẞ İı ŒœÆæ",
    "Жизнь прожить — не поле перейти.", "Η ζωή είναι ωραία όταν έχει ήλιο.", "水は低きに流れる。", "上善若水,水善利萬物而不爭。",
    "물은 낮은 곳으로 흐른다.", "الماء يجري إلى أسفل.", "מים זורמים למטה.", "पानी नीचे की ओर बहता है।", "น้ำไหลลงต่ำ",
    "🙂 🙃 👩‍👩‍👧‍👦 🇩🇪 e\u0301 \u200b zero\u200bwidth", "tab\tnewline\nreturn\r\nend", "a" * 99, "a" * 101, "x" * 700,
    "1234567890 3.14159 1e-7 0xDEADBEEF $19.99 50%", "don't can't won't o'clock rock'n'roll", "C++ && C# || F# -> ==",
    "https://example.org/path?query=1&other=two#part", "name.surname@example.org", "[CLS] is not text [SEP] [MASK] [PAD]",
    "def main():\n    return {'a': [1, 2, 3]}", "I am not happy.", "I am happy.", "I am unhappy.", "\ufeffmark", "“quotes” ‘inside’ «others»",
    "\u0000null\u0001one", "�replacement �", "ﬁ ligature ﬀ ½ ² ℃ ™", "ｆｕｌｌ　ｗｉｄｔｈ",
]
WORDS = """river bed narrow water fast slow stone bridge mill wheel engine pressure pipe glass student market gate queue baker
measure change improve winter ice heron fish island reed map harbour ship channel sand light wind machine factory library
kitchen plate guest price number letter question answer reason method result open closed quick lazy warm cold deep broad
because although whenever beneath between without against towards slowly quietly nearly often never always""".split()


def texts():
    draw = random.Random(4)
    made = list(FIXED)
    # From two words to far beyond the model's 256 tokens, every length as likely on a logarithmic scale.
    while len(made) < count:
        length = int(2 * 350 ** draw.random())
        words = [draw.choice(WORDS) for _ in range(length)]
        for at in range(0, length, draw.randint(6, 15)):
            words[at] = words[at].capitalize()
            if at:
                words[at - 1] += draw.choice([".", ",", ";", "?", ""])
        made.append(" ".join(words) + ".")
    return made


made = texts()
encoded = [model.tokenizer(text, truncation=True, max_length=model.max_seq_length)["input_ids"] for text in made]
whole = [len(model.tokenizer(text, truncation=False)["input_ids"]) for text in made]
# One at a time: no padding takes part.
vectors = np.stack([model.encode(text, batch_size=1, show_progress_bar=False) for text in made])
json.dump(
    {"limit": model.max_seq_length, "width": vectors.shape[1],
     "cases": [{"text": t, "ids": i, "tokens": n} for t, i, n in zip(made, encoded, whole)]},
    open(f"{out}/minilm.json", "w"), ensure_ascii=True, separators=(",", ":"))
vectors.astype("<f2").tofile(f"{out}/minilm.f16.bin")
print(len(made), "texts,", sum(map(len, encoded)), "ids, longest", max(whole), file=sys.stderr)
