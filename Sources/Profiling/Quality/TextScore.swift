import Models
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How well a model predicts a text, by llama.cpp's protocol: windows of 512 tokens, each alone; the second half of
/// every window is scored; what does not fill a window is dropped.
public struct TextScore: Sendable, Equatable {
  /// The tokens of a window.
  public static let window = 512
  /// Rows of logits that are made at once; the rows' bits do not depend on it.
  public static let rows = 64

  /// e to the mean negative log-probability of the scored tokens.
  public var perplexity: Double
  /// The number of scored tokens.
  public var tokens: Int
  /// The number of windows.
  public var windows: Int

  /// Scores a text.
  ///
  /// - Parameters:
  ///   - tokens: the whole text's.
  ///   - beginning: the token that the model wants before every text; it takes the first place of every window.
  ///   - limit: the most windows to score.
  ///   - report: called after each window with its number and the perplexity so far.
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for a text shorter than a window; what the model
  ///   throws.
  public init(
    _ tokens: [Int32], beginning: Int32?, model: any LanguageModel, context: Context, limit: Int = .max,
    report: (Int, Double) -> Void = { _, _ in }
  ) throws {
    var loss = 0.0
    var scored = 0
    let windows = try Self.windows(tokens, beginning: beginning, limit: limit)
    for (number, window) in windows.enumerated() {
      try Self.visit(window, [model]) { logits, next in
        let losses = Self.parallel(next.count, context) { row in
          let values = logits[0].row(row)
          return Self.logSum(values) - Double(values[Int(next[row])])
        }
        loss += losses.reduce(0, +)
        scored += losses.count
      }
      report(number + 1, exp(loss / Double(scored)))
    }
    self.perplexity = exp(loss / Double(scored))
    self.tokens = scored
    self.windows = windows.count
  }

  /// The windows of a text.
  static func windows(_ tokens: [Int32], beginning: Int32?, limit: Int) throws(ProfilingError) -> [[Int32]] {
    let count = min(tokens.count / window, max(limit, 0))
    guard count > 0 else {
      throw .invalidSetting(
        field: "text", problem: "\(tokens.count) tokens where a window of \(window) is the least that is scored")
    }
    return (0..<count).map { index in
      var tokens = Array(tokens[(index * window)..<((index + 1) * window)])
      if let beginning { tokens[0] = beginning }
      return tokens
    }
  }

  /// Hands the logits of a window's scored rows to `body`, some rows of every model at a time, with the tokens they
  /// should predict.
  static func visit(
    _ window: [Int32], _ models: [any LanguageModel],
    _ body: ([Logits], ArraySlice<Int32>.SubSequence) throws -> Void
  ) throws {
    let first = window.count / 2
    let states = try models.map { try $0.makeState(capacity: window.count) }
    for (model, state) in zip(models, states) {
      let run = TokenBatch.Run(state: state, tokens: Array(window[..<first]), logits: .none)
      _ = try model.evaluate(TokenBatch([run]), isCancelled: { false })
    }
    var start = first
    while start + 1 < window.count {
      let end = min(start + rows, window.count - 1)
      let logits = try zip(models, states).map { model, state in
        let run = TokenBatch.Run(state: state, tokens: Array(window[start..<end]), logits: .all)
        return try model.evaluate(TokenBatch([run]), isCancelled: { false })
      }
      try body(logits, ArraySlice(Array(window[(start + 1)...end])))
      start = end
    }
  }

  /// One number for each row, rows in parallel; the order of the result is that of the rows.
  static func parallel(_ count: Int, _ context: Context, _ body: @escaping (Int) -> Double) -> [Double] {
    var results = [Double](repeating: 0, count: count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      context.workers.run(count) { row, _ in results[row] = body(row) }
    }
    return results
  }

  /// log Σ exp of a row.
  static func logSum(_ values: UnsafeBufferPointer<Float>) -> Double {
    var top = -Float.infinity
    for value in values { top = max(top, value) }
    var sum = 0.0
    for value in values { sum += exp(Double(value) - Double(top)) }
    return log(sum) + Double(top)
  }
}
