import Inference

/// Another number of threads: fewer forks' cost or more arithmetic and memory traffic at once.
public struct ThreadCount: Technique {
  /// `threads`.
  public let name = "threads"
  /// Whatever is not room.
  public let addresses = Bottleneck.Phase.allCases.flatMap { phase in
    [.compute, .memory, .overhead].map { Bottleneck(phase, $0) }
  }

  /// The technique.
  public init() {}

  /// The counts worth trying on a machine: powers of two and all processors.
  public static func counts(processors: Int) -> [Int] {
    var counts: [Int] = []
    var count = 1
    while count < processors {
      counts.append(count)
      count *= 2
    }
    return counts + [max(1, processors)]
  }

  /// Every other count, its gain by the ratio of rooflines.
  public func advice(for subject: Subject) -> [Advice] {
    if subject.goal == .memory { return [] }
    let phase: Bottleneck.Phase = if case .decode = subject.goal { .decode } else { .prefill }
    return Self.counts(processors: subject.machine.processors).compactMap { count in
      if count == subject.settings.threads { return nil }
      guard let gain = subject.predictedGain(EngineSettings(threads: count)) else { return nil }
      return Advice(
        technique: name, name: "threads \(count)", addresses: addresses.filter { $0.phase == phase }, isExact: true,
        predictedGain: gain
      ) { $0.threads = count }
    }
  }
}
