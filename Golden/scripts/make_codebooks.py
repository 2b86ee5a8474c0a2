"""Makes Sources/CVenturi/codebooks.c: the codebooks of GGUF's IQ types, as the gguf package has them.

usage: make_codebooks.py OUT_FILE

Most of these types' tables follow from rules (signs by parity, levels in steps); which vectors a codebook holds was
trained, so it is data. An entry is the levels of its 8 values (two bits each) or 4 values (three bits each), the first
value lowest.
"""

import sys

import numpy as np
from gguf import quants

# name: (the class that has the grid, bits a level, entries, values an entry)
BOOKS = {
    "iq1": (quants.IQ1_S, 2, 2048, 8),
    "iq2_xxs": (quants.IQ2_XXS, 2, 256, 8),
    "iq2_xs": (quants.IQ2_XS, 2, 512, 8),
    "iq2_s": (quants.IQ2_S, 2, 1024, 8),
    "iq3_xxs": (quants.IQ3_XXS, 3, 256, 4),
    "iq3_s": (quants.IQ3_S, 3, 512, 4),
}


def words(kind, bits, entries, values):
    kind.init_grid()
    grid = kind.grid.reshape(entries, values)
    levels = np.searchsorted(np.array(kind.grid_map), grid)
    assert (np.array(kind.grid_map)[levels] == grid).all()
    result = (levels << bits * np.arange(values)).sum(axis=1)
    assert len(set(result)) == entries
    return result


def main():
    lines = [
        "// The codebooks of GGUF's IQ types: data, made by Golden/scripts/make_codebooks.py. codebooks.h has the layout.",
        '#include "kernels/codebooks.h"',
    ]
    for name, (kind, bits, entries, values) in BOOKS.items():
        lines.append("")
        lines.append(f"const uint16_t vt_codebook_{name}[{entries}] = {{")
        all_words = [f"{word:#06x}," for word in words(kind, bits, entries, values)]
        line = ""
        for word in all_words:
            if len(line) + len(word) + 1 > 118:
                lines.append(" " + line)
                line = ""
            line += " " + word
        lines += [" " + line, "};"]
    open(sys.argv[1], "w").write("\n".join(lines) + "\n")


main()
