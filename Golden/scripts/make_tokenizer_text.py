"""Writes the tokenizer fixtures' texts, from a seed: mixed text, random strings, strings with special tokens.

usage: make_tokenizer_text.py MODEL.gguf OUT_DIR

Everything is made here: templates, word lists, code-point ranges and the byte strings of the vocabulary itself, so the
texts carry nobody's rights. Two kinds of byte sequence are left out, because llama.cpp (0c1e570) ends the process on
them: four-byte forms of code points above U+10FFFF.
"""

import random
import struct
import sys

import gguf

SEED = 20261122
MIXED_BYTES = 1_048_576


def byte_decoder():
    """The inverse of GPT-2's printable alphabet for bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(b): b for b in printable}
    extra = 0
    for b in range(256):
        if b not in printable:
            table[chr(256 + extra)] = b
            extra += 1
    return table


def vocabulary(path):
    fields = gguf.GGUFReader(path).fields
    decode = byte_decoder()
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    plain = [bytes(decode[c] for c in t) for t, k in zip(tokens, kinds) if k == 1]
    special = [t for t, k in zip(tokens, kinds) if k == 3]
    return plain, special


PROSE = """The harbour was quiet before dawn; only the gulls, and the slow slap of water on stone, could be heard.
"You're late," she said. "We'd agreed on six o'clock, hadn't we?" He didn't answer: he'd lost his watch again.
They're sure that it's the engine's fault, but I'll bet the fuel line's blocked. Let's see what they've found.
In 1998, 12,345 people (about 3.2%) moved to the north-east; by 2024 the figure had risen to 1,048,576.
Dr. Smith's well-known re-examination of the so-called "free" lunch wasn't, strictly speaking, a study at all.
WHAT ABOUT SHOUTING, OR CamelCase, snake_case and kebab-case? It'S OK. WE'VE SEEN I'M AND THEY'RE TOO.
First, boil two litres of water. Second, add 500 g of pasta, a pinch of salt, and wait 9-11 minutes.
A theorem: for every n > 2, a**n + b**n != c**n, where a, b, c are positive integers... (the margin is small).
Contact: jane.doe+news@example.org, https://www.example.org/a/b?c=d&e=%20f#g, tel. +44 (0)20 7946 0018.
Temperatures fell from -3.5 to -17 degrees; wind 40 km/h NNW; pressure 1013.25 hPa at 07:45:30 on 2026-11-22.""".split(
    "\n"
)

LANGUAGES = """Tous les êtres humains naissent libres ; où est l'œuvre d'hier ? « Ça va, Noël à Besançon », dit-il.
Über den Wolken muß die Freiheit wohl größer sein, sagte die Äbtissin: „Grüß Gott, Straßenbahn!“
El niño comió una piñata el año pasado. ¿Qué pasó? ¡Increíble! Cigüeña, pingüino, corazón.
Ação, não, pão, coração: a língua portuguesa também é bela às três.
Žluťoučký kůň úpěl ďábelské ódy. Příliš mnoho řeřichy. Łódź, żółw, gęśl, jaźń, ćma.
Árvíztűrő tükörfúrógép, és őszintén: jó éjszakát. Şişli, İstanbul, ığdır, çağrı, göğüs.
Þetta er íslenska, ég er að læra. Ærø, Ångström, Øresund, smörgåsbord, hyvää päivää, õun.
Съешь же ещё этих мягких французских булок, да выпей чаю. Їжак, ґанок, ўвечары, ђак, љубав, ѝ.
Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία. Καλημέρα κόσμε, τι κάνεις; ᾧ ᾳ ἄ.
כל בני האדם נולדו בני חורין. שָׁלוֹם עוֹלָם, איך אתה מרגיש היום?
يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. السَّلامُ عَلَيْكُم ١٢٣٤٥ ۶۷۸
सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है। क्षत्रिय १२३
সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা নিয়ে জন্মগ্রহণ করে। ০১২
மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர். ௧௨௩ ధర్మము ಕನ್ನಡ മലയാളം සිංහල
มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน ๑๒๓ ສະບາຍດີ မြန်မာ ខ្មែរ བོད་ཡིག
Բոլոր մարդիկ ծնվում են ազատ։ ყველა ადამიანი იბადება თავისუფალი. አማርኛ ቋንቋ ፩፪፫
人人生而自由，在尊严和权利上一律平等。你好，世界！我们在2026年11月22日见面吧？
すべての人間は、生まれながらにして自由である。カタカナとひらがな、漢字ﾊﾝｶｸ。コーヒー１２３４５
모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 안녕하세요! ㄱㄴㄷ
Mọi người sinh ra đều được tự do và bình đẳng. Tiếng Việt: ă â đ ê ô ơ ư, phở, nghĩa.
ᚠᛇᚻ ᛒᛦᚦ ᚠᚱᚩᚠᚢᚱ ⠓⠑⠇⠇⠕ ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ ⵜⴰⵎⴰⵣⵉⵖⵜ 𐍈𐌰𐌹𐍂 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚 ①②③ Ⅷ ½ ¾ x² H₂O ª º""".split("\n")

EMOJI = [
    "😀", "😂", "🥲", "👍", "👍🏽", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇳", "🇯🇵", "🇩🇪", "1️⃣", "#️⃣", "❤️", "❤️‍🔥", "☕", "🚀", "🧑🏿‍🚀",
    "🤷🏻‍♀️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "✅", "⚠️", "™️", "©", "🐦‍⬛", "🫠", "🪿", "♟️", "🀄", "𓀀",
]

NOUNS = "index buffer width total model parser kernel stream vertex queue cache layer token weight head page row".split()
VERBS = "read load make find pack merge scale update append remove encode split reset swap join map".split()

CODE = [
    "def {v}_{n}(self, {m}: int = {d}, *args, **kwargs) -> dict[str, float]:\n    \"\"\"{v} the {n}.\"\"\"\n"
    "    if {m} >= {d} and not self._{n}:\n        return {{'{n}': {m} * 1e-{k}, \"{m}\": None}}\n"
    "    for {n}, _ in enumerate(range({d}, {m} // 2)):\n        yield from self.{v}({n}[::-1], f\"{{{m}!r:>{k}}}\")\n\n",
    "static inline int {v}_{n}(const uint8_t *restrict {m}, size_t n_{n}) {{\n\tfor (size_t i = 0; i < n_{n}; ++i) {{\n"
    "\t\tif ({m}[i] == 0x{h:02X}u || !({m}[i] & ~{d})) {{ continue; }}\n\t\tsum += ({m}[i] << {k}) ^ {d}L;\n\t}}\n"
    "\treturn sum != 0 ? -{k} : {d}; /* {n}->{m} */\n}}\n\n",
    "public struct {N}{M}<Element: Comparable>: Sendable {{\n  public let {n}: [Element]\n  private(set) var {m} = {d}_000.{k}\n\n"
    "  public func {v}(_ {m}: Int...) async throws(Failure) -> some Sequence<Element> {{\n"
    "    guard let first = {n}.first, {m}.count > {d} else {{ throw .empty(\"{n} \\({m})\") }}\n"
    "    return {n}.lazy.filter {{ $0 != first }}.map(\\.self)\n  }}\n}}\n\n",
    "const {n}{M} = async ({{ {m}, ...rest }}) => {{\n  const r = await fetch(`/api/v{k}/${{{m}}}?n={d}`);\n"
    "  return r?.ok ? [...new Set(rest.{n})] : null; // {v}!\n}};\n\n",
    '{{"{n}": {{"{m}": [{d}, -{k}.5e+{k}, true, null], "{v}": "a\\tb\\u00e9\\n", "nested": {{"id": {d}{d}}}}}}}\n',
    '<div class="{n}-{m}" id=\'{v}{d}\'>\n    <a href="/{n}/{d}?{m}={k}&amp;x=1">{v} &nbsp;{n}</a>\n    <br/>\n</div>\n',
    "SELECT {n}.id, COUNT(*) AS {m}_count FROM {n}s LEFT JOIN {m}s ON {m}s.{n}_id = {n}.id\n"
    "  WHERE {n}.{v}_at >= '2026-0{k}-1{k}' AND {m} <> {d} GROUP BY 1 HAVING COUNT(*) > {d};\n",
    "## {N} {m}\n\n* **{v}** the `{n}`, see [{m}](#{m}-{d})\n  1. step {d}\n  2. step {k}\n\n| {n} | {m} |\n|:---|---:|\n| {d} | {k} |\n\n",
    "#!/bin/sh\nset -eu\n: \"${{{N}_{M}:=/tmp/{n}.{d}}}\"\nfind . -name '*.{n}' -print0 | xargs -0 -n{k} grep -l \"{m}\\$\" >>out.log 2>&1 || exit {k}\n",
    "impl<'a, T: ?Sized> {N}<'a, T> {{\n    fn {v}(&'a mut self, {m}: &[u{h}]) -> Result<(), Box<dyn Error>> {{\n"
    "        let x = {m}.iter().map(|&b| b as i32).sum::<i32>() % {d};\n        Ok(())\n    }}\n}}\n",
    "\\begin{{equation}}\n\t\\mathbf{{{n}}}_{{{k}}} = \\sum_{{i=1}}^{{{d}}} \\frac{{\\partial {m}_i}}{{\\partial x}} \\cdot e^{{-{k}}}\n\\end{{equation}}\n",
]

RANGES = [  # CJK and other wide ranges from which characters are drawn
    (0x4E00, 0x9FA5), (0x3041, 0x3096), (0x30A1, 0x30FA), (0xAC00, 0xD7A3), (0x3000, 0x303F), (0xFF01, 0xFF9F),
    (0x3400, 0x4DB5), (0x20000, 0x2A6D6),
]
SPACES = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u2003", "\u3000", "\u200b", "\u2028", "\u0085", "\v", "\f", " \n", "\n ", "\t\t  ", "        "]
INVALID = [
    b"\x80", b"\xbf", b"\xff", b"\xfe", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc3", b"\xe2\x82",
    b"\xf0\x9f\x98", b"\xf0\x9f", b"\xf0\x80\x80\x80", b"\xe2\x28\xa1", b"\xc3\x28", b"\xf0\x28\x8c\xbc", b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80", b"\xa0\xa1", b"\xef\xbf", b"\xef\xbf\xbd", b"\x00", b"\x01\x02\x7f", b"\xc3\xa9", b"\xe2\x82\xac",
]


def refused(data):
    """Whether `data` holds a four-byte form above U+10FFFF (see the module's comment)."""
    for i in range(len(data) - 3):
        lead = data[i]
        if 0xF4 <= lead <= 0xF7 and all(b & 0xC0 == 0x80 for b in data[i + 1 : i + 4]):
            if lead > 0xF4 or data[i + 1] >= 0x90:
                return True
    return False


def code(rng):
    n, m = rng.sample(NOUNS, 2)
    return rng.choice(CODE).format(
        n=n, m=m, N=n.capitalize(), M=m.capitalize(), v=rng.choice(VERBS), d=rng.randrange(10 ** rng.randrange(1, 6)), k=rng.randrange(1, 9),
        h=rng.choice([8, 16, 32, 64]),
    ).encode()


def wide(rng):
    lo, hi = rng.choices(RANGES, [8, 3, 3, 4, 1, 1, 1, 1])[0]
    return "".join(chr(rng.randint(lo, hi)) for _ in range(rng.randrange(1, 12))).encode()


def scalar(rng):
    while True:
        c = rng.choice([0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000])
        c = rng.randrange(c)
        if not 0xD800 <= c < 0xE000:
            return chr(c).encode()


def mixed(rng, plain):
    """About MIXED_BYTES bytes: a vocabulary sweep, then sections of every kind, in a seeded order."""
    parts = []
    sweep = list(plain)
    rng.shuffle(sweep)
    for i in range(0, len(sweep), 40):
        parts.append(rng.choice([b"", b" ", b""]).join(sweep[i : i + 40]) + b"\n")
    size = sum(map(len, parts))
    words = [t for t in plain if t.isalpha() or (t[:1] == b" " and t[1:].isalpha())]
    while size < MIXED_BYTES:
        kind = rng.choices(range(9), [24, 26, 20, 8, 12, 5, 3, 4, 12])[0]
        if kind == 0:
            piece = rng.choice(PROSE).encode() + rng.choice([b" ", b"\n", b"\n\n"])
        elif kind == 1:
            piece = code(rng)
        elif kind == 2:
            piece = rng.choice(LANGUAGES).encode() + rng.choice([b" ", b"\n"])
        elif kind == 3:
            piece = "".join(rng.choice(EMOJI) + rng.choice(["", "", " ", "!"]) for _ in range(rng.randrange(1, 9))).encode()
        elif kind == 4:
            piece = b"".join(wide(rng) + rng.choice([b"", "，".encode(), "。".encode(), b" "]) for _ in range(6))
        elif kind == 5:
            piece = "".join(rng.choice(SPACES) + rng.choice(["", "", "a", "1", "!", "'s"]) for _ in range(12)).encode()
        elif kind == 6:
            piece = b"".join(rng.choice(INVALID) + rng.choice([b"", b"a", b" x", b"7"]) for _ in range(8))
        elif kind == 7:
            piece = b" ".join(str(rng.randrange(10 ** rng.randrange(1, 19))).encode() for _ in range(8))
        else:
            piece = b"".join(
                w if w[:1] == b" " else b" " + w for w in (w.title() if rng.random() < 0.1 else w for w in rng.choices(words, k=20))
            ) + rng.choice([b". ", b", ", b"?\n", b"'s "])
        parts.append(piece)
        size += len(piece)
    rng.shuffle(parts)
    data = b"".join(parts)
    if refused(data):
        raise SystemExit("mixed text holds a sequence that llama.cpp refuses: change the seed")
    return data


def random_string(rng, plain, kind):
    if kind == 0:  # any bytes
        return rng.randbytes(rng.randrange(0, 24))
    if kind == 1:  # printable ASCII and spaces
        return bytes(rng.choice(b" \t\n'" + bytes(range(32, 127))) for _ in range(rng.randrange(0, 40)))
    if kind == 2:  # any scalars
        return b"".join(scalar(rng) for _ in range(rng.randrange(1, 12)))
    if kind == 3:  # pieces of the vocabulary
        return b"".join(rng.choices(plain, k=rng.randrange(1, 8)))
    if kind == 4:  # spaces, letters, digits and apostrophes
        return "".join(rng.choice(SPACES + list("aZé中1٣'sTtreve.,!-")) for _ in range(rng.randrange(1, 16))).encode()
    return b"".join(  # all of these beside each other
        rng.choice([rng.choice(INVALID), rng.choice(EMOJI).encode(), scalar(rng), rng.choice(plain), rng.choice(SPACES).encode()])
        for _ in range(rng.randrange(1, 8))
    )


def special_string(rng, plain, special):
    pieces = []
    for _ in range(rng.randrange(1, 8)):
        token = rng.choice(special)
        pieces.append(
            rng.choice(
                [
                    token.encode(), token.encode(), token[:-1].encode(), token[1:].encode(), token.upper().encode(), rng.choice(plain),
                    rng.choice(SPACES).encode(), b"user\nHello there", token[: len(token) // 2].encode(),
                ]
            )
        )
    return b"".join(pieces)


def records(strings):
    return struct.pack("<I", len(strings)) + b"".join(struct.pack("<I", len(s)) + s for s in strings)


def main():
    plain, special = vocabulary(sys.argv[1])
    out = sys.argv[2]
    rng = random.Random(SEED)
    with open(f"{out}/mixed.txt.bin", "wb") as f:
        f.write(mixed(rng, plain))
    strings = [b"", b" ", b"  ", b"\n", b"a", b"'", b"'s", b"'S", b" '", b"don't", b"\x00", b"a\x00b"]
    while len(strings) < 10_000:
        s = random_string(rng, plain, len(strings) % 6)
        if not refused(s):
            strings.append(s)
    with open(f"{out}/random.strings", "wb") as f:
        f.write(records(strings))
    strings = [t.encode() for t in special] + [(t + t).encode() for t in special]
    while len(strings) < 1000:
        s = special_string(rng, plain, special)
        if not refused(s):
            strings.append(s)
    with open(f"{out}/special.strings", "wb") as f:
        f.write(records(strings))


main()
