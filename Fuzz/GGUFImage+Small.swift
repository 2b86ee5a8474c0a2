import VenturiTesting

extension GGUFImage {
  /// Leaves eight tokens and two merges of a ``TinyLlama``, so that a mutation hits what matters.
  mutating func shrinkVocabulary() {
    let tokens = TinyLlama.specials + ["a", "b", "Ġ", "ab", "Ġa"]
    set("tokenizer.ggml.tokens", strings: tokens.map { Array($0.utf8) })
    set("tokenizer.ggml.token_type", int32s: [3, 3, 3, 1, 1, 1, 1, 1])
    set("tokenizer.ggml.merges", strings: ["a b", "Ġ a"].map { Array($0.utf8) })
    set("llama.vocab_size", uint32: UInt32(tokens.count))
    for name in ["token_embd.weight", "output.weight"] {
      edit(tensor: name) { tensor in
        let rowBytes = tensor.data.count / Int(tensor.extents[1])
        tensor.extents[1] = UInt64(tokens.count)
        tensor.data = Array(tensor.data.prefix(rowBytes * tokens.count))
      }
    }
  }
}
