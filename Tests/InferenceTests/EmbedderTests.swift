import Dispatch
import Foundation
import Synchronization
import Tensors
import Testing
import Venturi
import VenturiTesting

/// Texts to vectors by all-MiniLM-L6-v2, from tokenizer to pooling, against sentence-transformers.
@Suite struct EmbedderTests {
  private static let embedder = Task { try await Embedder.load(GoldenFiles.miniLM()) }

  @Test func textsBecomeTheReferencesTokensAndVectors() async throws {
    let embedder = try await Self.embedder.value
    let golden = try GoldenEmbeddings()
    #expect(golden.cases.count >= 64)
    let result = try await embedder.embed(golden.cases.map(\.text))
    #expect(result.dimension == golden.width && result.count == golden.cases.count)
    for (index, expected) in golden.cases.enumerated() {
      let name = "text \(index): \(expected.text.prefix(40))"
      #expect(result.tokens[index] == expected.tokens, "\(name)")
      #expect(result.truncated.contains(index) == (expected.tokens > golden.limit), "\(name)")
      #expect(GoldenEmbeddings.cosine(Array(result[index]), expected.vector) >= 0.9999, "\(name)")
      if expected.tokens <= golden.limit {
        #expect(embedder.tokenizer.encode(expected.text, parseSpecial: true) == expected.ids, "\(name)")
      }
    }
    #expect(!result.truncated.isEmpty, "some text is longer than the model takes")
  }

  @Test func companyStepsAndThreadsChangeNoBit() async throws {
    let golden = try GoldenEmbeddings()
    let texts = golden.cases.prefix(24).map(\.text)
    let together = try await Self.embedder.value.embed(texts)
    let other = try await Embedder.load(GoldenFiles.miniLM(), options: EmbedderOptions(threads: 1, stepTokens: 7))
    #expect(try await other.embed(texts) == together)
    for (index, text) in texts.enumerated().prefix(4) {
      #expect(try await other.embed(text) == Array(together[index]))
    }
  }

  @Test func optionsAreKept() async throws {
    let embedder = try await Self.embedder.value
    #expect(try await embedder.embed([]) == Embeddings(dimension: 384, values: [], tokens: [], truncated: []))
    let plain = try embedder.with(pooling: Pooling(.mean, normalizes: false))
    let (unit, long) = (try await embedder.embed("water"), try await plain.embed("water"))
    let norm = long.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - 1) > 0.1 && zip(unit, long).allSatisfy { abs($0 - $1 / norm) < 1e-6 })
    #expect(try await embedder.with(pooling: Pooling(.cls)).embed("water") != unit)
    let short = try await Embedder.load(GoldenFiles.miniLM(), options: EmbedderOptions(maxTokens: 4))
    let cut = try await short.embed(["water flows downhill", "water"])
    #expect(cut.truncated == [0] && cut.tokens == [5, 3])
    #expect(try await Array(cut[0]) == embedder.embed("water flows"))
    await #expect(throws: InferenceError.self) {
      try await Embedder.load(GoldenFiles.miniLM(), options: EmbedderOptions(maxTokens: 1))
    }
    await #expect(throws: ModelError.wrongKind(architecture: "llama", isEncoder: false)) {
      try await Embedder.load(GoldenFiles.defaultModel())
    }
  }

  @Test("Requests that come together share steps, each gets what it would get alone, and one that fails fails alone")
  func requestsShareSteps() async throws {
    let plain = try await Self.embedder.value
    let counting = CountingEncoder(plain.model)
    let embedder = try Embedder(model: counting, tokenizer: plain.tokenizer, context: Context(threads: 2))
    let texts = (0..<12).map { index in
      (0...index * index % 7).map { "Water number \($0) flows \(index) times, here and there." }
    }
    let long = [String](repeating: "A pipe that is narrow makes what is in it fast.", count: 400)
    var expected: [Embeddings] = []
    for request in texts { expected.append(try await plain.embed(request)) }
    counting.hold()
    async let first = embedder.embed("first")
    await counting.waitUntilHeld()
    async let many = embedder.embed(long)
    let cancelled = Task { try await embedder.embed(long) }
    let requests = texts.map { request in Task { try await embedder.embed(request) } }
    // They are all in the queue before the first step ends.
    for _ in 0..<50 { await Task.yield() }
    try await Task.sleep(for: .milliseconds(20))
    cancelled.cancel()
    counting.release()
    for (index, request) in requests.enumerated() { #expect(try await request.value == expected[index]) }
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(try await first == plain.embed("first"))
    #expect(counting.largest > 12)
    let all = try await many
    #expect(try await all == plain.embed(long))
  }

  @Test func cancellingStopsTheWork() async throws {
    let embedder = try await Self.embedder.value
    let task = Task { try await embedder.embed([String](repeating: "water flows downhill", count: 100_000)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await embedder.embed("still there").count == 384)
  }

  @Test func filesGetTheirNamesWhenTheyAreWhole() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "atomic-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/inner/file"
    func append(_ text: String, _ file: OutputFile) throws { try file.write(Array(text.utf8)) }
    do {
      let file = try Files.output(path)
      try append("a", file)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/inner").isEmpty)
    let file = try Files.output(path)
    for part in ["one ", "two"] { try append(part, file) }
    try file.commit()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one two")
    #expect(throws: InferenceError.self) { try Files.output("/proc/nowhere/file") }
  }
}

/// An encoder that counts the texts of its steps, and can be held in one.
private final class CountingEncoder: EncoderModel {
  private let base: any EncoderModel
  private let counts = Mutex((largest: 0, isHeld: false))
  private let gate = DispatchSemaphore(value: 0)
  private let (held, holding) = AsyncStream.makeStream(of: Void.self)

  init(_ base: any EncoderModel) { self.base = base }

  var description: ModelDescription { base.description }
  var pooling: Pooling { base.pooling }
  var largest: Int { counts.withLock { $0.largest } }

  func hold() { counts.withLock { $0.isHeld = true } }
  func release() { gate.signal() }
  func waitUntilHeld() async { for await _ in held {} }

  func encode(_ sequences: [[Int32]], isCancelled: () -> Bool) throws -> Tensor {
    try base.encode(sequences, isCancelled: isCancelled)
  }

  func embed(_ sequences: [[Int32]], pooling: Pooling, isCancelled: () -> Bool) throws -> Tensor {
    let waits = counts.withLock { counts in
      counts.largest = max(counts.largest, sequences.count)
      defer { counts.isHeld = false }
      return counts.isHeld
    }
    if waits {
      holding.finish()
      gate.wait()
    }
    return try base.embed(sequences, pooling: pooling, isCancelled: isCancelled)
  }
}
