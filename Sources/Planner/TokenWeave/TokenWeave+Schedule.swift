extension TokenWeave {
  /// A batch, planned.
  public struct Estimate: Sendable, Hashable {
    /// Seconds of all layers in each mode.
    public var seconds: [Mode: Double]
    /// The split that the woven mode has; none where it does not divide the batch.
    public var split: Split?
    /// The part of the plain mode that is exchange.
    public var exchangeShare: Double
    /// The part of the plain mode that is exchange or norm.
    public var shareWithNorm: Double
    /// The part of the woven mode's exchanges under which products run.
    public var hidden: Double

    /// How many times faster the woven mode is than another.
    public func gain(over mode: Mode = .none) -> Double {
      (seconds[mode] ?? .nan) / (seconds[.weave] ?? .nan)
    }
  }

  /// The most tokens of a batch.
  static let tokenLimit = 1 << 22

  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  private func check(_ tokens: Int, _ split: Split?) throws(PlannerError) {
    guard (1...Self.tokenLimit).contains(tokens) else {
      throw .invalid(field: "tokens", problem: "\(tokens) lies outside 1…\(Self.tokenLimit)")
    }
    guard let split else { return }
    guard (1..<max(2, tokens)).contains(split.first), tokens >= 2 else {
      throw .invalid(field: "first", problem: "\(split.first) of \(tokens) rows leave none")
    }
    guard (1..<max(2, constants.processors)).contains(split.communicating), constants.processors >= 2 else {
      throw .invalid(
        field: "communicating", problem: "\(split.communicating) of \(constants.processors) processors leave none")
    }
  }

  /// A batch's layers as work for two streams; without a split the modes follow one after the other.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for tokens outside 1…2²², and splits that leave a part nothing.
  public func schedule(
    _ mode: Mode, tokens: Int, split: Split? = nil
  ) throws(PlannerError) -> StreamSchedule {
    try check(tokens, split)
    if mode == .weave, let split { return try woven(tokens, split) }
    var schedule = StreamSchedule()
    let all = constants.processors
    let modules = [
      ("attention", attentionSeconds(0..<tokens, processors: all)),
      ("feedForward", feedForwardSeconds(rows: tokens, processors: all)),
    ]
    for layer in 0..<shape.layers {
      for (name, seconds) in modules {
        let waited = schedule.tasks.isEmpty ? [] : [schedule.tasks.count - 1]
        let product = try schedule.add("\(layer).\(name)", on: .compute, seconds: seconds, after: waited)
        switch mode {
        case .silent:
          try schedule.add("\(layer).\(name).norm", on: .compute, seconds: normSeconds(rows: Double(tokens)))
        case .none:
          let sum = try schedule.add(
            "\(layer).\(name).sum", on: .communication, seconds: exchangeSeconds(rows: tokens), after: [product])
          try schedule.add(
            "\(layer).\(name).norm", on: .compute, seconds: normSeconds(rows: Double(tokens)), after: [sum])
        case .fuse, .weave:
          try schedule.add(
            "\(layer).\(name).sum", on: .communication, seconds: fusedSeconds(rows: tokens), after: [product])
        }
      }
    }
    return schedule
  }

  /// Attention of the first part, of the second, feed-forward layers likewise; each waits for its own part's latest sum. The second
  /// part's queries see the first part's keys, whose attention comes before.
  private func woven(_ tokens: Int, _ split: Split) throws(PlannerError) -> StreamSchedule {
    let processors = constants.processors - split.communicating
    let parts = [0..<split.first, split.first..<tokens]
    let modules = [
      ("attention", parts.map { attentionSeconds($0, processors: processors) }),
      ("feedForward", parts.map { feedForwardSeconds(rows: $0.count, processors: processors) }),
    ]
    let sums = parts.map { fusedSeconds(rows: $0.count) }
    var schedule = StreamSchedule()
    var last: [Int?] = [nil, nil]
    for layer in 0..<shape.layers {
      for (name, seconds) in modules {
        for part in parts.indices {
          let product = try schedule.add(
            "\(layer).\(name).\(part)", on: .compute, seconds: seconds[part], after: last[part].map { [$0] } ?? [])
          last[part] = try schedule.add(
            "\(layer).\(name).\(part).sum", on: .communication, seconds: sums[part], after: [product])
        }
      }
    }
    return schedule
  }

  /// The split that is fastest, of all whole tiles near the middle and some numbers of processors; none below the threshold and where
  /// no split is faster than the fused mode.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public func tuned(_ tokens: Int, communicating: [Int] = [2, 4, 8]) throws(PlannerError) -> Split? {
    try check(tokens, nil)
    guard tokens >= threshold else { return nil }
    var best = (seconds: try schedule(.fuse, tokens: tokens).run().seconds, split: Split?.none)
    let middle = Self.middle(tokens)
    for offset in -4...4 {
      for count in communicating {
        let split = Split(first: middle + offset * constants.tileRows, communicating: count)
        guard split.first >= 1, split.first < tokens else { continue }
        let seconds = try schedule(.weave, tokens: tokens, split: split).run().seconds
        if seconds < best.seconds { best = (seconds, split) }
      }
    }
    return best.split
  }

  /// Half of the tokens, which are first rounded up to 256.
  static func middle(_ tokens: Int) -> Int { (tokens + 255) / 256 * 256 / 2 }

  /// Waves of all four products of a layer, of one part or of two.
  package func waves(tokens: Int, first: Int? = nil) -> Int {
    productColumns.reduce(0) { sum, columns in
      guard let first else { return sum + waves(rows: tokens, columns: columns, processors: constants.processors) }
      return sum + waves(rows: first, columns: columns, processors: constants.processors)
        + waves(rows: tokens - first, columns: columns, processors: constants.processors)
    }
  }

  /// All modes of a batch, woven as it is fastest.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public func estimate(tokens: Int) throws(PlannerError) -> Estimate {
    let split = try tuned(tokens)
    var seconds: [Mode: Double] = [:]
    var hidden = 0.0
    for mode in Mode.allCases {
      let timeline = try schedule(mode, tokens: tokens, split: split).run()
      seconds[mode] = timeline.seconds
      if mode == .weave { hidden = timeline.hidden }
    }
    let exchanges = 2 * Double(shape.layers) * exchangeSeconds(rows: tokens)
    let norms = 2 * Double(shape.layers) * normSeconds(rows: Double(tokens))
    let plain = seconds[.none] ?? .nan
    return Estimate(
      seconds: seconds, split: split, exchangeShare: exchanges / plain, shareWithNorm: (exchanges + norms) / plain,
      hidden: hidden)
  }
}
