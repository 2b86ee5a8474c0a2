import Load
import Testing

@Suite("Prompts of exactly so many tokens")
struct PromptMakerTests {
  /// A token for every so many characters of a word, as tokenizers of text roughly have it.
  private struct Pieces: TokenCounter {
    var length: Int
    var beforeAll = 0
    func tokens(in text: String) async throws -> Int {
      beforeAll + text.split(separator: " ").reduce(0) { $0 + ($1.count + length - 1) / length }
    }
  }

  /// A tokenizer that knows no text.
  private struct Constant: TokenCounter {
    func tokens(in text: String) async throws -> Int { 7 }
  }

  private static let text = (0..<400).map { index in
    String(repeating: "abcdefghij".dropFirst(index % 10).first ?? "a", count: 1 + index * 7 % 11)
  }.joined(separator: " ")

  @Test(arguments: [(1, 0), (3, 1), (4, 0), (20, 2)]) func thereAreSoMany(_ length: Int, _ beforeAll: Int) async throws
  {
    let counter = Pieces(length: length, beforeAll: beforeAll)
    var maker = try PromptMaker(text: Self.text, counter: counter, seed: 1)
    for tokens in [30, 31, 32, 57, 105, 512, 3000] {
      let prompt = try await maker.prompt(tokens: tokens)
      #expect(try await counter.tokens(in: prompt) == tokens)
    }
  }

  @Test func shortPrompts() async throws {
    let counter = Pieces(length: 100)
    var maker = try PromptMaker(text: Self.text, counter: counter, seed: 1)
    for tokens in 1...12 {
      let prompt = try await maker.prompt(tokens: tokens)
      #expect(try await counter.tokens(in: prompt) == tokens)
    }
  }

  @Test func noTwoBeginAlike() async throws {
    var maker = try PromptMaker(text: Self.text, counter: Pieces(length: 4), seed: 9)
    var beginnings: Set<[Substring]> = []
    for _ in 0..<300 {
      beginnings.insert(Array(try await maker.prompt(tokens: 40).split(separator: " ").prefix(3)))
    }
    // The words of the text repeat themselves, so that two openings of other words may read alike.
    #expect(beginnings.count > 290)
  }

  @Test func aSharedPrefixIsShared() async throws {
    let counter = Pieces(length: 4)
    var maker = try PromptMaker(text: Self.text, counter: counter, seed: 2)
    try await maker.share(tokens: 64)
    #expect(try await counter.tokens(in: maker.prefix) == 64)
    var rests: Set<String> = []
    for _ in 0..<20 {
      let prompt = try await maker.prompt(tokens: 100)
      #expect(prompt.hasPrefix(maker.prefix + " "))
      #expect(try await counter.tokens(in: prompt) == 100)
      rests.insert(String(prompt.dropFirst(maker.prefix.count)))
    }
    #expect(rests.count == 20)
  }

  @Test func theSeedDecides() async throws {
    func prompts(_ seed: UInt64) async throws -> [String] {
      var maker = try PromptMaker(text: Self.text, counter: Pieces(length: 4), seed: seed)
      return [try await maker.prompt(tokens: 50), try await maker.prompt(tokens: 60)]
    }
    let (first, again, other) = (try await prompts(3), try await prompts(3), try await prompts(4))
    #expect(first == again && first != other)
  }

  @Test func whatCannotBeIsSaid() async throws {
    var maker = try PromptMaker(text: Self.text, counter: Constant(), seed: 1)
    await #expect(throws: LoadError.noSuchPrompt(tokens: 100)) { try await maker.prompt(tokens: 100) }
    #expect(throws: LoadError.self) { try PromptMaker(text: "too short", counter: Constant(), seed: 1) }
  }

  @Test func poolsAreDrawn() async throws {
    let counter = Pieces(length: 4)
    func pool(_ warmUp: Int) async throws -> RequestPool {
      var maker = try PromptMaker(text: Self.text, counter: counter, seed: 5)
      return try await RequestPool(
        count: 12, warmUp: warmUp, prompts: .uniform(20...40), outputs: .uniform(5...9), maker: &maker, seed: 5)
    }
    let (one, other) = (try await pool(0), try await pool(3))
    #expect(one.requests == other.requests && other.warmUp.count == 3 && one.warmUp.isEmpty)
    #expect(one.requests.allSatisfy { (20...40).contains($0.promptTokens) && (5...9).contains($0.outputTokens) })
    #expect(Set(one.requests.map(\.promptTokens)).count > 3)
    let trace = try Trace(Array("{\"arrival\": 0, \"prompt_tokens\": 30, \"output_tokens\": 4}\n".utf8))
    var maker = try PromptMaker(text: Self.text, counter: counter, seed: 5)
    let recorded = try await RequestPool(trace, count: 9, warmUp: 2, maker: &maker)
    #expect(recorded.requests.map(\.promptTokens) == [30] && recorded.warmUp.map(\.outputTokens) == [4, 4])
    #expect(throws: LoadError.self) { try RequestPool([]) }
  }
}
