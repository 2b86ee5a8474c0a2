import Formats
import Profiling

/// How an experiment is run.
public struct RunConditions: Sendable {
  /// Whether smaller cases are enough: for trying, never for a headline.
  public var quick: Bool
  /// The threads that compute.
  public var threads: Int
  /// How turns are taken.
  public var timing: TimingProtocol
  /// Where the peers are.
  public var peers: PeerCatalogue
  /// The default model's file, where it is.
  public var modelPath: String?
  /// The machine, with its name as `processor`.
  public var machine: JSON
  /// Takes what other verbs can read, by a file's name; what it throws ends the run.
  public var keep: @Sendable (String, JSON) throws -> Void
  /// Told what is being done.
  public var report: @Sendable (String) -> Void
  /// Asked between cases and turns; `true` ends the run.
  public var isCancelled: @Sendable () -> Bool

  /// Conditions from their parts.
  public init(
    quick: Bool = false, threads: Int = 2, timing: TimingProtocol = TimingProtocol(pairs: 10), peers: PeerCatalogue,
    modelPath: String? = nil, machine: JSON, keep: @escaping @Sendable (String, JSON) throws -> Void = { _, _ in },
    report: @escaping @Sendable (String) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.quick = quick
    self.threads = threads
    self.timing = timing
    self.peers = peers
    self.modelPath = modelPath
    self.machine = machine
    self.keep = keep
    self.report = report
    self.isCancelled = isCancelled
  }

  /// Says what comes next.
  ///
  /// - Throws: `CancellationError` when the run is to end.
  public func next(_ step: String) throws {
    if isCancelled() { throw CancellationError() }
    report(step)
  }

  /// A turn that is not begun once the run is to end.
  public func turn(_ body: @escaping () throws -> Double) -> () throws -> Double {
    let isCancelled = isCancelled
    return {
      if isCancelled() { throw CancellationError() }
      return try body()
    }
  }

  /// The summary of figures, all of the same thing; at least one.
  static func summary(_ values: [Double]) throws -> Summary {
    guard let summary = Summary(values) else {
      throw ProfilingError.invalidSetting(field: "turns", problem: "none was taken")
    }
    return summary
  }
}
