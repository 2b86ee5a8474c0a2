import Formats
import Foundation
import Testing
import Venturi
import VenturiTesting

/// Answers that must follow a grammar.
struct ConstraintTests {
  /// Whatever the model likes, the answer is one of the grammar's; greedy, drawn, guessed ahead and penalised.
  @Test func scriptedAnswersFollowTheGrammar() async throws {
    let grammar = try Grammar(gbnf: "root ::= \"[\" item (\",\" item){2,4} \"]\"\nitem ::= [0-9]{1,3} | \"x\"")
    let engine = try Fixtures.engine(ScriptedModel())
    var texts: Set<String> = []
    for seed in 0..<12 {
      var options = GenerationOptions(temperature: seed == 0 ? 0 : 2, topK: seed % 3 == 0 ? 0 : 10, seed: UInt64(seed))
      options.constraint = grammar
      options.lookup = seed % 2 == 0 ? 4 : 0
      options.repeatPenalty = seed % 4 == 0 ? 1.3 : 1
      let completion = try await engine.generate("abc", options: options).completion()
      #expect(completion.reason == .stop)
      #expect(try grammar.matches(completion.text.utf8), "\(completion.text)")
      texts.insert(completion.text)
    }
    #expect(texts.count > 6)
  }

  /// Guessing ahead changes nothing, and neither do other sessions.
  @Test func sameAnswerWithGuesses() async throws {
    let grammar = try Grammar(gbnf: "root ::= (\"abcabc\" | [a-c]){40}")
    let engine = try Fixtures.engine(ScriptedModel())
    var options = GenerationOptions(temperature: 0.7, seed: 3, constraint: grammar)
    options.lookup = 0
    let plain = try await engine.generate("abcabcabc", options: options).completion()
    options.lookup = 8
    let guessed = try await engine.generate("abcabcabc", options: options).completion()
    #expect(plain.tokens == guessed.tokens && guessed.usage.draftedTokens > 0)
    let session = engine.session()
    _ = try await session.generate("abcabcabc", options: options).completion()
    let copy = engine.session(from: try await session.snapshot())
    #expect(try await copy.generate("abcabcabc", options: options).completion().tokens == plain.tokens)
  }

  /// Whatever is looked at to find it, each token is the one drawn from the row with all that the mask forbids at negative
  /// infinity.
  @Test(arguments: [
    GenerationOptions(temperature: 1), GenerationOptions(temperature: 0), GenerationOptions(temperature: 1, topK: 0),
    GenerationOptions(temperature: 1, topK: 0, topP: 1, minP: 0), GenerationOptions(temperature: 2, topK: 5, minP: 0),
    GenerationOptions(temperature: 1, topK: 100, topP: 1, minP: 0.01),
    GenerationOptions(temperature: 1, topK: 400, topP: 0.9), GenerationOptions(temperature: 1, topK: 1_000_000),
    GenerationOptions(temperature: 0, repeatPenalty: 1.4, frequencyPenalty: 0.5),
    GenerationOptions(temperature: 1.2, repeatPenalty: 1.2, logitBias: [29: 4, 1000: -.infinity]),
  ])
  func tokensAreThoseOfTheFullMask(_ options: GenerationOptions) async throws {
    let file = URL(fileURLWithPath: try GoldenFiles.defaultModel())
    let tokenizer = try Tokenizer(GGUFFile(ByteView(copying: [UInt8](try Data(contentsOf: file)))))
    let size = tokenizer.vocabulary.count
    let trie = TokenTrie(tokenizer.vocabulary)
    // Tokens of letters are likelier, so that they are what is asked about in some places and not in others.
    let isWord = (0..<size).map { id in
      let text = trie.bytes(of: Int32(id))
      return !text.isEmpty && text.allSatisfy { $0 == 0x20 || $0 > 0x60 && $0 < 0x7B }
    }
    let script: ScriptedModel.Script = { history in
      zip(ScriptedModel.scramble(history, size), isWord).map { $1 ? $0 * 2 + 3 : $0 * 2 }
    }
    let schema: JSON = [
      "type": "array", "minItems": 2, "maxItems": 9,
      "items": [
        "type": "object", "required": ["t", "n", "s"],
        "properties": [
          "t": ["type": "string", "minLength": 20, "maxLength": 30], "n": ["type": "integer", "minimum": 3],
          "s": ["enum": ["a", "ab", 1]],
        ],
      ],
    ]
    let engine = try Engine(model: ScriptedModel(vocabularySize: size, script: script), tokenizer: tokenizer)
    var options = options
    options.constraint = try Grammar(jsonSchema: schema)
    options.maxTokens = 60
    options.seed = 5
    let prompt = tokenizer.encode("abc")
    let drawn = try await engine.generate(.tokens(prompt), options: options).completion().tokens
    #expect(drawn.count > 20)
    let matcher = try GrammarMatcher(try Grammar(jsonSchema: schema), trie)
    var sampler = Sampler(options, seed: 5)
    var history = prompt
    for token in drawn {
      let mask = try matcher.mask()
      var row = script(history)
      for id in 0..<size where !mask.contains(Int32(id)) { row[id] = -.infinity }
      let expected = try row.withUnsafeBufferPointer { try sampler.draw($0, history: history) }
      #expect(token == expected, "after \(history.count) tokens")
      history.append(token)
      #expect(try matcher.advance(token))
    }
  }

  @Test func endsAndLimits() async throws {
    let engine = try Fixtures.engine(ScriptedModel { _ in (0..<259).map { $0 == 257 ? 99 : Float(256 - $0) / 256 } })
    // The model wants to end at once: it may only where the text is whole.
    var options = GenerationOptions(temperature: 0, constraint: try Grammar(gbnf: "root ::= \"ab\" \"c\"*"))
    var completion = try await engine.generate("x", options: options).completion()
    #expect(completion.text == "ab" && completion.reason == .stop && completion.usage.completionTokens == 3)
    // Without tokens that end, and with a text that cannot go on.
    options.ignoreEnd = true
    options.maxTokens = 9
    completion = try await engine.generate("x", options: options).completion()
    #expect(completion.text == "abccccccc" && completion.reason == .length)
    options.constraint = try Grammar(gbnf: "root ::= \"ab\"")
    completion = try await engine.generate("x", options: options).completion()
    #expect(completion.text == "ab" && completion.reason == .stop)
  }

  /// A vocabulary without the bytes that the grammar needs.
  @Test func deadEnds() async throws {
    let tokens = ["a", "b", "<|im_start|>", "<|im_end|>"]
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: [1, 1, 3, 3], special: SpecialTokens(end: 3))
    let tokenizer = try Tokenizer(
      vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm")
    let engine = try Engine(model: ScriptedModel(vocabularySize: 4), tokenizer: tokenizer)
    for source in ["root ::= \"ab\" \"z\"", "root ::= \"a\" [^\\x00-\\U0010FFFF]"] {
      let options = GenerationOptions(temperature: 0, constraint: try Grammar(gbnf: source))
      await #expect(throws: InferenceError.self) { try await engine.generate("a", options: options).completion() }
    }
    // The engine lives on.
    #expect(
      try await engine.generate("a", options: GenerationOptions(maxTokens: 2, seed: 1)).completion().reason
        != .cancelled)
  }

  private static func schemas() throws -> [(name: String, schema: JSON)] {
    let file = Array(try Data(contentsOf: GoldenFiles.url("schemas.json")))
    return (try JSON(parsing: file).elements ?? []).map {
      (name: $0["name"]?.text ?? "", schema: $0["schema"] ?? .null)
    }
  }

  /// Random texts of a schema's grammar are JSON that the schema allows, as a validator written apart has it.
  @Test func whatIsGeneratedIsValid() throws {
    let all = try Self.schemas()
    #expect(all.count >= 25)
    // A vocabulary of single bytes goes everywhere.
    let vocabulary = try Fixtures.tokenizer().vocabulary
    let trie = TokenTrie(vocabulary)
    var valid = 0
    for (name, schema) in all {
      let grammar = try Grammar(jsonSchema: schema)
      for seed in 0..<12 {
        var random = Random(seed: UInt64(seed), stream: 1)
        let matcher = try GrammarMatcher(grammar, trie, allowsEnd: false)
        guard let text = try Self.sample(matcher, &random) else { continue }
        let value = try JSON(parsing: text)
        #expect(
          SchemaValidator(document: schema).accepts(value, schema), "\(name): \(String(decoding: text, as: UTF8.self))")
        let options = JSONSerialization.ReadingOptions.fragmentsAllowed
        #expect((try? JSONSerialization.jsonObject(with: Data(text), options: options)) != nil, "\(name)")
        #expect(try grammar.matches(text))
        valid += 1
      }
    }
    #expect(valid >= 250)
  }

  /// Random bytes that the matcher allows, until the text is whole; nil if it grows too long.
  private static func sample(_ matcher: GrammarMatcher, _ random: inout Random) throws -> [UInt8]? {
    var text: [UInt8] = []
    let closing = [UInt8]("\"}]".utf8)
    while text.count < 3_000 {
      if matcher.isComplete || (matcher.isAccepting && random.uniform() < 0.25) { return text }
      let mask = try matcher.mask()
      var allowed = (0..<256).map { UInt8($0) }.filter { mask.contains(Int32($0)) }
      if allowed.isEmpty { return matcher.isAccepting ? text : nil }
      // Long texts are closed where they can be.
      if text.count > 60, allowed.contains(where: closing.contains) { allowed = allowed.filter(closing.contains) }
      let byte = allowed[Int(random.uniform() * Double(allowed.count))]
      text.append(byte)
      guard try matcher.advance(Int32(byte)) else { return nil }
    }
    return nil
  }

  /// The default model's answers are what the schemas ask for, likeliest tokens and drawn ones.
  @Test(.timeLimit(.minutes(5))) func realModel() async throws {
    let engine = try await Engine.load(GoldenFiles.defaultModel(), options: EngineOptions(contextLength: 1024))
    var whole = 0
    for (number, (name, schema)) in try Self.schemas().enumerated() {
      let grammar = try Grammar(jsonSchema: schema)
      for seed in [nil, 7] as [UInt64?] {
        var options = seed.map { GenerationOptions(seed: $0) } ?? .greedy
        options.constraint = grammar
        options.maxTokens = 120
        options.lookup = number % 2 == 0 ? 4 : 0
        let prompt = Prompt.chat([ChatMessage(role: .user, content: "Give me an example of: \(name)")])
        let completion = try await engine.generate(prompt, options: options).completion()
        if completion.reason == .length { continue }
        let value = try JSON(parsing: completion.text)
        #expect(SchemaValidator(document: schema).accepts(value, schema), "\(name): \(completion.text)")
        whole += 1
      }
    }
    print("\(whole) whole answers of the default model are valid")
    #expect(whole >= 40)
  }
}
