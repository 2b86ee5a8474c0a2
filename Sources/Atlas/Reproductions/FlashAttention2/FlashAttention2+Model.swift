import Catalogue
import Formats
import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FlashAttention2 {
  /// A real model through the whole of attention: a prompt, then tokens one by one, in f32 beside PyTorch with the same
  /// weights decoded to f32.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  static func wholeModel(_ conditions: RunConditions) throws -> [Measure] {
    let (prompt, steps) = conditions.quick ? (256, 16) : (2048, 256)
    let name = "SmolLM2, \(prompt) tokens of prompt and \(steps) decoded, f32"
    func measures(_ figures: (difference: Double, equal: Double)?, absent: String?) -> [Measure] {
      [
        Measure(
          "\(name): largest difference of logits", unit: "logits", ours: figures.flatMap { Summary([$0.difference]) },
          peerName: "PyTorch, weights decoded to f32", target: .atMost(1e-3, .ours), absent: absent),
        Measure(
          "\(name): equal likeliest tokens", unit: "tokens", ours: figures.flatMap { Summary([$0.equal]) },
          peerName: "PyTorch, weights decoded to f32", target: .atLeast(Double(steps), .ours), absent: absent),
      ]
    }
    guard let path = conditions.modelPath else {
      return measures(nil, absent: "the model is not there: `venturi pull smollm2` fetches it")
    }
    let field = try PeerField(["torch"], task: .logits(path: path), catalogue: conditions.peers)
    if let reason = field.absent.first?.reason { return measures(nil, absent: reason) }
    do {
      return measures(try compare(path, prompt, steps, field, conditions), absent: nil)
    } catch let error as ProfilingError { return measures(nil, absent: "\(error)") }
  }

  /// The largest difference of a logit, and the number of steps whose likeliest token is the peer's.
  private static func compare(
    _ path: String, _ prompt: Int, _ steps: Int, _ field: PeerField, _ conditions: RunConditions
  ) throws -> (difference: Double, equal: Double) {
    let loaded = try ModelLoader.load(
      path: path, options: LoadOptions(compute: .f32, contextLength: prompt + steps),
      context: Context(threads: conditions.threads))
    let tokenizer = try BytePairTokenizer(loaded.checkpoint)
    // Plain English that is always at hand: what the catalogue says of its systems.
    let text = Catalogue.entries.map { "\($0.name). \($0.summary) (\($0.keywords))" }.joined(separator: "\n")
    let tokens = Array(tokenizer.encode(text).prefix(prompt))
    guard tokens.count == prompt else {
      throw ProfilingError.invalidSetting(field: "prompt", problem: "only \(tokens.count) tokens")
    }
    let place = try TemporaryPlace()
    let logitsPath = "\(place.path)/logits"
    let file = open(logitsPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw ProfilingError.file(path: logitsPath, code: errno) }
    // The folder lives as long as the file is needed.
    defer { withExtendedLifetime(place) { _ = close(file) } }
    let answer = try field.answer(
      of: "torch",
      to: [
        "op": "greedy", "tokens": .array(tokens.map { .integer(Int($0)) }), "generate": .integer(steps),
        "threads": .integer(conditions.threads),
        "out": .string(logitsPath),
      ])
    let theirs = (answer?["tokens"]?.elements ?? []).compactMap(\.int)
    let width = loaded.model.description.vocabularySize
    guard theirs.count == steps, theirs.allSatisfy({ 0..<width ~= $0 }) else {
      throw ProfilingError.peerFailed(name: "torch", problem: "\(theirs.count) tokens instead of \(steps)")
    }
    let state = try loaded.model.makeState(capacity: prompt + steps)
    var reference = [Float](repeating: 0, count: width)
    var (difference, equal) = (0.0, 0)
    for step in 0..<steps {
      let next = step == 0 ? tokens : [Int32(theirs[step - 1])]
      let logits = try loaded.model.evaluate(
        TokenBatch([.init(state: state, tokens: next, logits: .last)]), isCancelled: conditions.isCancelled)
      let read = reference.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, off_t(step * $0.count)) }
      guard read == width * 4 else {
        throw ProfilingError.peerFailed(name: "torch", problem: "fewer logits than \(steps) rows")
      }
      let row = logits.row(0)
      var best = 0
      for index in row.indices {
        let distance = Double(abs(row[index] - reference[index]))
        difference = distance.isNaN ? .infinity : max(difference, distance)
        if row[index] > row[best] { best = index }
      }
      equal += best == theirs[step] ? 1 : 0
    }
    return (difference, Double(equal))
  }
}
