import CVenturi
import Profiling
import Venturi

/// Sessions of the default model whose states leave memory for files and come back.
struct SessionSwap {
  /// What it took, beside plain files of the same size, turn by turn.
  struct Transfers {
    /// The file's bytes.
    var bytes = 0
    /// Seconds until a session was on the disk, and until it was back with nothing of its file in memory.
    var out: [Double] = []
    var back: [Double] = []
    /// The same of a plain file.
    var plainOut: [Double] = []
    var plainBack: [Double] = []
    /// Whether what came back went on with the same bits.
    var isEqual = true
  }

  let engine: Engine
  private let tokens: [Int32]
  private let place: TemporaryPlace
  private let conditions: RunConditions

  /// Loads the model for sequences of `longest` tokens.
  ///
  /// - Throws: what the engine throws.
  init(_ path: String, cache: CacheType, longest: Int, _ conditions: RunConditions) throws {
    engine = try Engine.open(
      path,
      options: EngineOptions(cache: cache, threads: conditions.threads, contextLength: longest, profile: .none))
    tokens = DecoderTimer.tokens(engine.tokenizer, atLeast: longest + 4096)
    place = try TemporaryPlace()
    self.conditions = conditions
  }

  /// The document of a user: another part of the same text for each.
  func document(_ user: Int, _ context: Int) -> [Int32] {
    let start = user * 517 % (tokens.count - context)
    return Array(tokens[start..<start + context])
  }

  /// Where a user's session goes.
  func path(_ user: Int) -> String { "\(place.path)/\(user)" }

  /// The next tokens of a session, and what was computed of each.
  ///
  /// - Throws: what the engine throws.
  func generate(_ session: Session, after tokens: [Int32], count: Int, logProbabilities: Int? = nil) async throws
    -> [GeneratedToken]
  {
    let options = GenerationOptions(
      maxTokens: count, temperature: 0, logProbabilities: logProbabilities, tokenEvents: true, ignoreEnd: true,
      lookup: 0)
    var generated: [GeneratedToken] = []
    for try await event in session.generate(.tokens(tokens), options: options) {
      if case .token(let token) = event { generated.append(token) }
    }
    return generated
  }

  /// Writes and reads a session of `context` tokens, taking turns with plain files of its size.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func transfers(context: Int, turns: Int) async throws -> Transfers {
    let session = engine.session()
    let document = document(0, context)
    let first = try await generate(session, after: document, count: 1).map(\.id)
    let (file, onward) = (path(0), document + first)
    var found = Transfers()
    // The first of all is a warm-up.
    found.bytes = try await session.save(to: file)
    let probe = try DiskProbe(bytes: found.bytes)
    _ = try probe.write()
    for turn in 0..<turns {
      try conditions.next("a session of \(context) tokens to a file and back, \(turn + 1) of \(turns)")
      found.plainOut.append(try probe.write())
      found.out.append(try await seconds { _ = try await session.save(to: file) })
      found.plainBack.append(try probe.read())
      DiskProbe.forget(file)
      let start = vt_monotonic_seconds()
      let restored = try await engine.session(fromFile: file)
      found.back.append(vt_monotonic_seconds() - start)
      if turn > 0 { continue }
      let expected = try await generate(try await session.fork(), after: onward, count: 8, logProbabilities: 5)
      let answer = try await generate(restored, after: onward, count: 8, logProbabilities: 5)
      found.isEqual = answer == expected && answer.count == 8
    }
    return found
  }

  /// The seconds that `body` takes.
  private func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = vt_monotonic_seconds()
    try await body()
    return vt_monotonic_seconds() - start
  }

  /// Seconds of a document's prefill, the least of some, and of a step for 1, 2, … `most` sessions.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func times(context: Int, most: Int, steps: Int) async throws -> (prefill: Double, steps: [Double]) {
    var held: [(session: Session, tokens: [Int32])] = []
    var prefill = Double.infinity
    var each: [Double] = []
    for count in 1...most {
      try conditions.next("steps of \(count) sessions of \(context) tokens")
      let session = engine.session()
      // Documents that the run itself does not have.
      let document = document(40 + count, context)
      var first: [Int32] = []
      prefill = min(
        prefill, try await seconds { first = try await generate(session, after: document, count: 1).map(\.id) })
      held.append((session, document + first))
      // Once to warm up.
      for turn in 0..<2 {
        let start = vt_monotonic_seconds()
        let made = try await generate(held, count: turn == 0 ? 2 : steps)
        let time = vt_monotonic_seconds() - start
        for index in held.indices { held[index].tokens += made[index] }
        if turn == 1 { each.append(time / Double(steps)) }
      }
    }
    return (prefill, each)
  }

  /// The next tokens of several sessions at once, which share every step.
  ///
  /// - Throws: what the engine throws.
  func generate(_ sessions: [(session: Session, tokens: [Int32])], count: Int) async throws -> [[Int32]] {
    try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
      for (index, entry) in sessions.enumerated() {
        let (session, tokens) = entry
        group.addTask {
          (index, try await generate(session, after: tokens, count: count).map(\.id))
        }
      }
      var made = [[Int32]](repeating: [], count: sessions.count)
      for try await (index, tokens) in group { made[index] = tokens }
      return made
    }
  }
}
