/// Vocabularies and templates that no engine can use: G11, G13, G14 and G18.
extension MalformedGGUF {
  private static let tokensKey = "tokenizer.ggml.tokens"
  private static let typesKey = "tokenizer.ggml.token_type"
  private static let mergesKey = "tokenizer.ggml.merges"

  private static func vocabulary(
    _ category: Category, _ name: String, _ change: @escaping @Sendable (inout GGUFImage) -> Void
  ) -> MalformedGGUF { llama(category, .vocabulary, name, change) }

  /// Replaces token 200, an ordinary byte token that no merge needs.
  private static func token(_ name: String, _ bytes: [UInt8], type: Int32 = 1) -> MalformedGGUF {
    vocabulary(.g13, name) {
      var tokens = TinyLlama.tokens.map { Array($0.utf8) }
      tokens[200] = bytes
      $0.set(tokensKey, strings: tokens)
      var types = TinyLlama.tokens.indices.map { Int32($0 < TinyLlama.specials.count ? 3 : 1) }
      types[200] = type
      $0.set(typesKey, int32s: types)
    }
  }

  static let narrowArrays: [MalformedGGUF] =
    ([
      ("uint8", 0, 1), ("int8", 1, 1), ("uint16", 2, 2), ("float32", 6, 4), ("bool", 7, 1), ("int64", 11, 8),
    ] as [(String, UInt32, Int)]).map { name, type, size in
      vocabulary(.g11, "token types as \(name)") {
        $0.set(
          typesKey, type: 9, payload: GGUFBytes.array(of: type, count: 300, [UInt8](repeating: 1, count: 300 * size)))
      }
    }
    + [
      vocabulary(.g11, "token types as strings") { $0.set(typesKey, strings: TinyLlama.tokens.map { _ in [0x31] }) },
      vocabulary(.g11, "token types as one number") { $0.set(typesKey, uint32: 1) },
      vocabulary(.g11, "tokens as uint8") {
        $0.set(tokensKey, type: 9, payload: GGUFBytes.array(of: 0, count: 300, [UInt8](repeating: 65, count: 300)))
      },
      vocabulary(.g11, "tokens as int32") { $0.set(tokensKey, int32s: [Int32](repeating: 65, count: 300)) },
      vocabulary(.g11, "tokens as one string") { $0.set(tokensKey, string: TinyLlama.tokens.joined()) },
      vocabulary(.g11, "merges as int32") { $0.set(mergesKey, int32s: [1, 2, 3]) },
      vocabulary(.g11, "merges as one string") { $0.set(mergesKey, string: "Ġ t") },
      vocabulary(.g11, "tokenizer model as an array") { $0.set("tokenizer.ggml.model", strings: [Array("gpt2".utf8)]) },
    ]

  static let tokens: [MalformedGGUF] =
    [
      token("empty token", []),
      token("token with a plain space", Array("a b".utf8)),
      token("token with a line end", [0x0A]),
      token("token with a zero byte", [0]),
      token("token that is not UTF-8", [0xC3, 0x28]),
      token("token cut in a character", [0xC4]),
      token("token of overlong UTF-8", [0xC0, 0xA1]),
      token("token of a surrogate", [0xED, 0xA0, 0x80]),
      token("token with a hole of the byte alphabet", Array("\u{AD}".utf8)),
      token("token with a control of Latin-1", Array("a\u{85}".utf8)),
      token("token of a mebibyte", [UInt8](repeating: 0x61, count: 1 << 20)),
      token("byte token <0x-1>", Array("<0x-1>".utf8), type: 6),
      token("byte token <0xGG>", Array("<0xGG>".utf8), type: 6),
      token("byte token <0x100>", Array("<0x100>".utf8), type: 6),
      token("token of type 0", [0x61, 0x61], type: 0),
      token("token of type 7", [0x61, 0x61], type: 7),
      token("token of type -1", [0x61, 0x61], type: -1),
      token("token of type 2^31 - 1", [0x61, 0x61], type: .max),
      token("token of type -2^31", [0x61, 0x61], type: .min),
      token("token that is there twice", Array("Ġthe".utf8)),
    ]
    + ([1 << 31, 1 << 32, 1 << 63, .max] as [UInt64]).map { length in
      llama(.g13, .parse, "token of \(length) bytes", field: "tokenizer.ggml.tokens[0]") {
        $0.edit(tokensKey) {
          $0.payload = GGUFBytes.u32(8) + GGUFBytes.u64(300) + GGUFBytes.u64(length) + $0.payload.dropFirst(20)
        }
      }
    }

  private static func merge(_ name: String, _ text: String) -> MalformedGGUF {
    vocabulary(.g14, name) {
      var merges = TinyLlama.merges.map { Array($0.utf8) }
      merges[7] = Array(text.utf8)
      $0.set(mergesKey, strings: merges)
    }
  }

  static let references: [MalformedGGUF] =
    [
      merge("merge without a space", "er"), merge("merge with an empty left part", " er"),
      merge("merge with an empty right part", "er "), merge("merge of nothing", ""), merge("merge of a space", " "),
      merge("merge of parts that are no tokens", "qqqq zzzz"), merge("merge whose result is no token", "q z"),
      merge("merge outside of the byte alphabet", "😀 e"),
    ]
    + ["bos", "eos", "unknown", "padding"].map { role in
      vocabulary(.g14, "\(role) is token 300 of 300") { $0.set("tokenizer.ggml.\(role)_token_id", uint32: 300) }
    }
    + [
      vocabulary(.g14, "eos is token 2^32 - 1") { $0.set("tokenizer.ggml.eos_token_id", uint32: .max) },
      vocabulary(.g14, "eos is token -1") {
        $0.set("tokenizer.ggml.eos_token_id", type: 5, payload: [0xFF, 0xFF, 0xFF, 0xFF])
      },
      vocabulary(.g14, "bos is text") { $0.set("tokenizer.ggml.bos_token_id", string: "<|im_start|>") },
      vocabulary(.g14, "bos is asked for but not named") {
        $0.remove("tokenizer.ggml.bos_token_id")
        $0.set("tokenizer.ggml.add_bos_token", bool: true)
      },
      vocabulary(.g14, "one token type too few") { $0.set(typesKey, int32s: [Int32](repeating: 1, count: 299)) },
      vocabulary(.g14, "one token type too many") { $0.set(typesKey, int32s: [Int32](repeating: 1, count: 301)) },
      vocabulary(.g14, "no token types") { $0.set(typesKey, int32s: []) },
      vocabulary(.g14, "empty vocabulary") {
        $0.set(tokensKey, strings: [])
        $0.set(typesKey, int32s: [])
        $0.set(mergesKey, strings: [])
      },
      vocabulary(.g14, "tokens missing") { $0.remove(tokensKey) },
      vocabulary(.g14, "merges missing") { $0.remove(mergesKey) },
      vocabulary(.g14, "tokenizer model missing") { $0.remove("tokenizer.ggml.model") },
      vocabulary(.g14, "tokenizer model of another kind") { $0.set("tokenizer.ggml.model", string: "rwkv") },
      vocabulary(.g14, "unknown pre-tokenizer") { $0.set("tokenizer.ggml.pre", string: "../smollm") },
      llama(.g14, .configuration, "fewer tokens than embedding rows") {
        $0.set(tokensKey, strings: TinyLlama.tokens.dropLast(1).map { Array($0.utf8) })
        $0.set(typesKey, int32s: TinyLlama.tokens.dropLast(1).indices.map { $0 < 3 ? 3 : 1 })
        $0.set(mergesKey, strings: TinyLlama.merges.dropLast(1).map { Array($0.utf8) })
      },
      llama(.g14, .configuration, "more tokens than embedding rows") {
        $0.set(tokensKey, strings: (TinyLlama.tokens + ["zq"]).map { Array($0.utf8) })
        $0.set(typesKey, int32s: (TinyLlama.tokens + ["zq"]).indices.map { $0 < 3 ? 3 : 1 })
      },
    ]

  private static func template(
    _ name: String, _ stage: Stage = .template, _ text: @escaping @Sendable () -> String
  ) -> MalformedGGUF {
    llama(.g18, stage, name) { $0.set("tokenizer.chat_template", string: text()) }
  }

  static let templates: [MalformedGGUF] = [
    template("template nested 10,000 deep") {
      String(repeating: "{% if true %}", count: 10_000) + String(repeating: "{% endif %}", count: 10_000)
    },
    template("template that calls itself", .chat) { "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}" },
    template("template that counts to 10^9", .chat) { "{% for i in range(1000000000) %}x{% endfor %}" },
    template("template of loops in loops", .chat) {
      String(repeating: "{% for i in range(99999) %}", count: 5) + "x" + String(repeating: "{% endfor %}", count: 5)
    },
    template("template of gigantic text", .chat) { "{{ 'x' * 1000000000 * 1000000000 }}" },
    template("template that reaches for the host", .chat) {
      "{{ ''.__class__.__mro__[1].__subclasses__()[40]('/etc/passwd').read() }}"
    },
    template("template that reads a file") { "{% include '/etc/passwd' %}" },
    template("template that never ends") { "{% for message in messages %}{{ message['content']" },
    template("template of more than a mebibyte") { String(repeating: "{{ bos_token }}", count: 1 << 17) },
    template("template of a list for each byte") { "{{ [" + String(repeating: "[],", count: 1 << 17) + "] }}" },
    template("template that doubles a text", .chat) {
      "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
    },
    template("template with an unknown filter") { "{{ messages | shell }}" },
    template("empty template") { "" },
    template("template with parentheses 100,000 deep") { "{{ " + String(repeating: "(", count: 100_000) },
    llama(.g18, .template, "template that is a number") { $0.set("tokenizer.chat_template", uint32: 7) },
    llama(.g18, .template, "template that is an array") {
      $0.set("tokenizer.chat_template", strings: [Array(TinyLlama.chatTemplate.utf8)])
    },
    llama(.g18, .parse, "template that is not UTF-8", field: "tokenizer.chat_template") {
      $0.edit("tokenizer.chat_template") { $0.payload = GGUFBytes.string([0x7B, 0xFF, 0xFE]) }
    },
  ]
}
