import Foundation
import Testing
import Venturi
import VenturiTesting

/// Sessions that went through a file go on as if they had stayed; files that are not what they should be are refused by field.
@Suite struct SessionFileTests {
  private static func options(_ seed: UInt64, tokens: Int = 20) -> GenerationOptions {
    GenerationOptions(maxTokens: tokens, temperature: 0.9, seed: seed, logProbabilities: 5, ignoreEnd: true)
  }

  /// Everything that an answer has of numbers: ids and log-probabilities of it and of what else might have come.
  private static func answer(
    _ session: Session, _ prompt: [Int32], seed: UInt64 = 3
  ) async throws -> (tokens: [GeneratedToken], cached: Int) {
    var tokens: [GeneratedToken] = []
    for try await event in session.generate(.tokens(prompt), options: options(seed)) {
      if case .token(let token) = event { tokens.append(token) }
      if case .finished(let end) = event { return (tokens, end.usage.cachedTokens) }
    }
    return (tokens, -1)
  }

  private static func prompt(_ count: Int, _ vocabulary: Int32) -> [Int32] {
    (0..<Int32(count)).map { ($0 &* 37 &+ $0 / 7) % vocabulary }
  }

  /// Two pages and a part of a third.
  private static func longTiny(seed: UInt64 = 1) throws -> TemporaryFile {
    var tiny = TinyLlama()
    (tiny.seed, tiny.contextLength) = (seed, 1024)
    return try TemporaryFile(tiny.image().encoded())
  }

  /// A session of `engine` that has seen a prompt goes through a file into `other`; both go on.
  private static func roundTrip(_ engine: Engine, _ other: Engine, length: Int, vocabulary: Int32) async throws {
    let folder = try TemporaryFolder()
    let session = engine.session(messages: [ChatMessage(role: .system, content: "Be “brief”.\n")])
    let start = prompt(length, vocabulary)
    let first = try await answer(session, start)
    let path = "\(folder.path)/kept/session"
    let bytes = try await session.save(to: path)
    // Of a recurrent state one half of two is kept.
    #expect(bytes == Files.size(path) && bytes > session.bytes / 2)
    let onward = start + first.tokens.map(\.id) + [5, 6, 7]
    let back = try await other.session(fromFile: path)
    #expect(back.tokenCount == session.tokenCount && back.messages == session.messages)
    let restored = other.session()
    try await restored.restore(from: path)
    let expected = try await answer(session, onward)
    #expect(expected.cached == length + 19)
    for session in [back, restored] {
      let found = try await answer(session, onward)
      #expect(found.tokens == expected.tokens && found.cached == expected.cached)
    }
    // The same tokens give the same file, whatever the memory held before.
    let again = other.session()
    let repeated = try await answer(again, start)
    #expect(repeated.tokens == first.tokens)
    try await again.save(to: path + "-again")
    let (a, b) = (try Files.read(path), try Files.read(path + "-again"))
    #expect(a.count - b.count == #"{"role":"system","content":"Be “brief”.\n"}"#.utf8.count)
    #expect(a.suffix(session.bytes / 2) == b.suffix(session.bytes / 2))
  }

  @Test(arguments: CacheType.allCases, [false, true])
  func continuationsHaveTheSameBits(cache: CacheType, isSparse: Bool) async throws {
    // Integers are turned, queries that choose blocks are not.
    if cache == .q8, isSparse { return }
    let file = try Self.longTiny()
    var options = EngineOptions(cache: cache, threads: 1)
    if isSparse { options.sparse = try BlockBudget(blocks: 4, local: 32) }
    try await Self.roundTrip(
      try await Engine.load(file.path, options: options), try await Engine.load(file.path, options: options),
      length: 600, vocabulary: 300)
  }

  @Test(arguments: ["mistral", "gemma3", "deepseek_v3", "mamba2", "rwkv7"])
  func otherStatesContinueToo(_ name: String) async throws {
    let engine = try TinyModel(name).engine(digest: name)
    let other = try TinyModel(name).engine(digest: name)
    try await Self.roundTrip(engine, other, length: min(40, engine.contextLength - 60), vocabulary: 88)
  }

  @Test func anEmptySessionIsItsConversation() async throws {
    let engine = try TinyModel("llama3").engine(digest: "a")
    let folder = try TemporaryFolder()
    let call = ChatMessage.ToolCall(id: "c1", name: "f", arguments: ["x": 1.5])
    let messages = [
      ChatMessage(role: .user, content: "", name: "n"),
      ChatMessage(role: .assistant, content: "a", reasoning: "r", toolCalls: [call]),
      ChatMessage(role: .tool, content: "{}", toolCallID: "c1"),
    ]
    try await engine.session(messages: messages).save(to: folder.path + "/s")
    let back = try await engine.session(fromFile: folder.path + "/s")
    #expect(back.messages == messages && back.tokenCount == 0 && back.bytes == 0)
    #expect(try await back.respondingTokens() == (try await engine.session().respondingTokens()))
  }

  /// The field and the problem of a refusal.
  private static func refusal(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch InferenceError.sessionFile(_, let field, let problem) {
      #expect(!problem.isEmpty)
      return field
    } catch { return "\(error)" }
  }

  @Test func whatCannotBeKeptIsRefused() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/s"
    let scripted = try TinyModel("scripted").engine(digest: "s").session()
    _ = try await Self.answer(scripted, [1, 2, 3])
    #expect(await Self.refusal { try await scripted.save(to: path) } == "state")
    let nameless = try TinyModel("llama3").engine().session()
    #expect(await Self.refusal { try await nameless.save(to: path) } == "model")
    var options = EngineOptions()
    options.adapters = [AdapterSource(path: GoldenFiles.url("adapters/llama3").path)]
    let adapted = try TinyModel("llama3").engine(options, digest: "a").adapted(by: "llama3").session()
    _ = try await Self.answer(adapted, [1, 2, 3])
    #expect(await Self.refusal { try await adapted.save(to: path) } == "adapter")
    #expect(Files.size(path) == 0)
  }

  @Test func foreignFilesAreRefusedByField() async throws {
    let folder = try TemporaryFolder()
    let (file, stranger) = (try Self.longTiny(), try Self.longTiny(seed: 2))
    let path = folder.path + "/s"
    let session = try await Engine.load(file.path, options: EngineOptions(threads: 1)).session()
    _ = try await Self.answer(session, Self.prompt(300, 300))
    try await session.save(to: path)
    func field(_ model: TemporaryFile, _ options: EngineOptions) async throws -> String? {
      let engine = try await Engine.load(model.path, options: options)
      let kept = engine.session(messages: [ChatMessage(role: .user, content: "kept")])
      let field = await Self.refusal { try await kept.restore(from: path) }
      #expect(field == nil || kept.messages.count == 1)
      return field
    }
    var sparse = EngineOptions()
    sparse.sparse = try BlockBudget(blocks: 4, local: 32)
    #expect(try await field(file, EngineOptions()) == nil)
    #expect(try await field(stranger, EngineOptions()) == "model")
    #expect(try await field(file, EngineOptions(cache: .q8)) == "form")
    #expect(try await field(file, EngineOptions(compute: .f32, cache: .f16)) == "compute")
    #expect(try await field(file, sparse) == "sparse")
    #expect(try await field(file, EngineOptions(contextLength: 200)) == "tokens")
    let engine = try TinyModel("llama3").engine()
    #expect(await Self.refusal { _ = try await engine.session(fromFile: path) } == "model")
    #expect(await Self.refusal { _ = try await engine.session(fromFile: folder.path) } == "file")
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    #expect(await Self.refusal { _ = try await engine.session(fromFile: folder.path + "/pipe") } == "file")
    await #expect(throws: InferenceError.system(operation: "read", path: folder.path + "/none", code: ENOENT)) {
      _ = try await engine.session(fromFile: folder.path + "/none")
    }
  }

  /// A file with its header changed, and the checksum right.
  private static func changed(_ bytes: [UInt8], _ change: (String) -> String) -> [UInt8] {
    let count = bytes[12..<16].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = Array(change(String(decoding: bytes[24..<24 + count], as: UTF8.self)).utf8)
    func word(_ value: UInt64, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    let sum = word(header.withUnsafeBytes { XXHash64.of($0) }, 8)
    var changed = Array(bytes[..<12])
    for part in [word(UInt64(header.count), 4), sum, header, Array(bytes[(24 + count)...])] { changed += part }
    return changed
  }

  @Test(.timeLimit(.minutes(5))) func damagedFilesAreRefused() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/s"
    let engine = try TinyModel("llama3").engine(digest: "a")
    let session = engine.session(messages: [ChatMessage(role: .user, content: "Hello")])
    _ = try await Self.answer(session, Self.prompt(30, 88))
    try await session.save(to: path)
    let whole = try Files.read(path)
    func field(_ bytes: [UInt8]) async throws -> String? {
      try Data(bytes).write(to: URL(filePath: path))
      return await Self.refusal { _ = try await engine.session(fromFile: path) }
    }
    #expect(try await field(whole) == nil)
    let fields: Set = ["preamble", "format", "version", "header", "size", "tokens", "state[0]"]
    let headerEnd = 24 + Int(whole[12]) + Int(whole[13]) << 8
    for cut in Array(0..<headerEnd) + stride(from: headerEnd, to: whole.count, by: whole.count / 50 + 1) {
      let found = try await field(Array(whole[..<cut]))
      #expect(found.map { fields.contains($0) } == true, "cut at \(cut): \(found ?? "read")")
    }
    #expect(try await field(whole + [0]) == "size")
    // A flip anywhere is seen; the length of the header counts towards the size.
    var seen: Set<String> = []
    let body = stride(from: headerEnd + 200, to: whole.count, by: whole.count / 300 + 1)
    for place in Array(0..<headerEnd + 200) + body {
      var bytes = whole
      bytes[place] ^= 1 << UInt8(place % 8)
      let found = try await field(bytes)
      #expect(found.map { fields.contains($0) } == true, "flip at \(place): \(found ?? "read")")
      if let found { seen.insert(found) }
    }
    #expect(seen.isSuperset(of: ["format", "version", "header", "tokens", "state[0]"]))
    // Sizes that would ask for terabytes, counts that are none, fields that are missing or of another kind.
    let changes: [(String, String, String)] = [
      ("\"tokens\":49", "\"tokens\":4900000000000000000", "tokens"), ("\"tokens\":49", "\"tokens\":-1", "tokens"),
      ("\"tokens\":49", "\"tokens\":\"49\"", "tokens"), ("\"tokens\":49", "\"tokens\":48", "size"),
      ("\"tokens\":49", "\"tokens\":0", "form"), ("\"form\":", "\"from\":", "form"),
      ("\"model\":\"a\"", "\"model\":7", "model"), ("\"engine\":\"", "\"engine\":\"9", "engine"),
      ("\"kernels\":\"", "\"kernels\":\"x", "kernels"), ("\"extensions\":\"", "\"extensions\":\"x", "extensions"),
      ("\"role\":\"user\"", "\"role\":\"king\"", "messages[0]"),
      ("\"messages\":[", "\"messages\":1,\"m\":[", "messages"),
      ("{", "[", "header"), ("{", "", "header"),
    ]
    for (old, new, expected) in changes {
      var isFound = false
      let bytes = Self.changed(whole) { text in
        guard let range = text.range(of: old) else { return text }
        isFound = true
        return text.replacingCharacters(in: range, with: new)
      }
      let found = try await field(bytes)
      #expect(isFound && found == expected, "\(old) → \(new): \(found ?? "read")")
    }
    // An id that no embedding has, with a checksum that is right.
    var bytes = whole
    bytes[headerEnd + 3] = 0x7F
    let ids = headerEnd..<headerEnd + 4 * 49
    let sum = bytes[ids].withUnsafeBytes { XXHash64.of($0) }
    for index in 0..<8 { bytes[ids.upperBound + index] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * index)) }
    #expect(try await field(bytes) == "tokens[0]")
    #expect(try await field(whole) == nil)
  }
}

extension Session {
  /// A few tokens after a fixed prompt.
  fileprivate func respondingTokens() async throws -> [Int32] {
    try await generate(.tokens([4, 5, 6]), options: GenerationOptions(maxTokens: 6, temperature: 0, ignoreEnd: true))
      .completion().tokens
  }
}
