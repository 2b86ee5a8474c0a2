extension TinyLlama {
  /// The tokens that are no text: ids 0 to 2.
  public static let specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

  /// The merges by rank; each makes one token.
  public static let merges = [
    "Ġ t", "Ġ a", "h e", "i n", "r e", "o n", "Ġt he", "e r", "Ġ s", "a t", "Ġ w", "Ġ o", "e n", "Ġ c", "i t", "i s",
    "a n", "o r", "e s", "Ġ b", "e d", "Ġ f", "in g", "Ġ p", "o u", "Ġa n", "a l", "a r", "Ġt o", "Ġ m", "Ġo f",
    "Ġ in", "Ġ d", "Ġ h", "Ġan d", "l e", "i c", "a s", "Ġ he", "Ġ Ġ", "ĠĠ ĠĠ",
  ]

  /// All tokens by id: the specials, one for each byte, one for each merge; 300 in all.
  public static let tokens: [String] =
    specials + byteAlphabet + merges.map { $0.split(separator: " ").joined() }

  /// The characters that stand for bytes in GPT-2's vocabulary, printable bytes first: these stand for themselves, and
  /// the others for U+0100 and up.
  public static let byteAlphabet: [String] = {
    let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    let others = (0...255).filter { !printable.contains($0) }
    let points = printable + others.indices.map { 0x100 + $0 }
    return points.compactMap { Unicode.Scalar(UInt32($0)).map { String(Character($0)) } }
  }()

  /// The chat template of the SmolLM2 family, which the engine renders exactly.
  public static let chatTemplate =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    + "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    + "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
}
