/// What a simulation of a fabric found.
public struct FabricReport: Sendable {
  /// A job.
  public struct Job: Sendable, Hashable {
    /// What it is called.
    public var name: String
    /// Seconds of each measured operation, [operations].
    public var operations: [Double] = []
    /// When the last of them ended, in seconds.
    public var finish = 0.0
    /// Bytes that a node sends in an operation over all of its cards.
    public var nodeBytes: Double

    /// Seconds of an operation, on average.
    public var seconds: Double { operations.reduce(0, +) / Double(max(1, operations.count)) }
    /// Bytes a second that a node sends while it communicates: the bandwidth of the bus, as benchmarks of collectives report it.
    public var bandwidth: Double { nodeBytes / seconds }
    /// The same of the last operation, after what was learnt in those before.
    public var lastBandwidth: Double { operations.last.map { nodeBytes / $0 } ?? 0 }
  }

  /// The jobs.
  public var jobs: [Job]
  /// Bytes that went over each link, [links].
  public var bytes: [Double]
  /// The largest rate of each link over its capacity, [links].
  public var peaks: [Double]
  /// When the last job ended, in seconds.
  public var seconds = 0.0
  /// Rates that were found anew.
  public var fillings = 0
  /// Flows that a failure moved.
  public var moved = 0
  /// The plan as it was at the end.
  public var plan: FabricPlan

  /// The jobs' mean bandwidth in bytes a second of a node.
  public var meanBandwidth: Double { jobs.map(\.bandwidth).reduce(0, +) / Double(jobs.count) }
  /// The same of their last operations.
  public var meanLastBandwidth: Double { jobs.map(\.lastBandwidth).reduce(0, +) / Double(jobs.count) }
  /// The slowest job's bandwidth.
  public var leastBandwidth: Double { jobs.map(\.bandwidth).min() ?? 0 }
}
