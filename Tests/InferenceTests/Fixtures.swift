import Venturi
import VenturiTesting

/// Engines on scripted models, with one token for each byte and three control tokens.
enum Fixtures {
  static let start: Int32 = 256
  static let end: Int32 = 257

  /// 256 bytes in GPT-2's printable alphabet, then `<|im_start|>`, `<|im_end|>` and `<|endoftext|>`.
  static func tokenizer() throws -> Tokenizer {
    let printable = Set(0x21...0x7E).union(0xA1...0xAC).union(0xAE...0xFF)
    var next: UInt32 = 256
    var tokens: [String] = []
    for byte in 0..<256 {
      var point = UInt32(byte)
      if !printable.contains(byte) {
        point = next
        next += 1
      }
      tokens.append(Unicode.Scalar(point).map { String($0) } ?? "")
    }
    tokens += ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    let types = [Int32](repeating: 1, count: 256) + [3, 3, 3]
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: types, special: SpecialTokens(end: 257))
    return try Tokenizer(vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm")
  }

  static func template() throws -> ChatTemplate {
    try ChatTemplate(
      recognising: """
        {% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}\
        {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """)
  }

  static func engine(
    _ model: ScriptedModel, options: EngineOptions = EngineOptions(), draft: ScriptedModel? = nil
  ) throws -> Engine {
    try Engine(model: model, tokenizer: tokenizer(), template: template(), options: options, draft: draft)
  }

  /// A model that says `text` after a prompt of `prompt` tokens, then ends.
  static func saying(_ text: [UInt8], after prompt: Int, contextLength: Int = 4096) -> ScriptedModel {
    ScriptedModel(contextLength: contextLength) { history in
      var logits = [Float](repeating: 0, count: 259)
      let index = history.count - prompt
      logits[text.indices.contains(index) ? Int(text[index]) : 257] = 50
      return logits
    }
  }
}
