/// What a simulated cluster did.
public struct ServingReport: Sendable, Hashable {
  /// A request that was answered.
  public struct Answer: Sendable, Hashable {
    /// The request.
    public var request: SimulatedRequest
    /// Seconds to its first token.
    public var firstToken: Double
    /// Seconds to its last token.
    public var lastToken: Double
    /// The longest time between two of its tokens, in seconds.
    public var longestGap: Double

    /// The mean time between two of its tokens, in seconds; zero where there is one alone.
    public var meanGap: Double {
      request.outputTokens > 1 ? (lastToken - firstToken) / Double(request.outputTokens - 1) : 0
    }
  }

  /// What a machine did.
  public struct Machine: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Seconds in which it computed.
    public var busy = 0.0
    /// Its iterations.
    public var iterations = 0
    /// Tokens of prompts that it computed, those computed again among them.
    public var promptTokens = 0
    /// Tokens of answers that it computed.
    public var outputTokens = 0
    /// The most blocks of state that it held.
    public var mostBlocks = 0
    /// Times it helped the other pool.
    public var borrowed = 0
    /// Its failures.
    public var failures = 0
  }

  /// An iteration, for a trace.
  public struct Span: Sendable, Hashable {
    /// The machine's place in the cluster.
    public var machine: Int
    /// When it began, in seconds.
    public var start: Double
    /// How long it took.
    public var seconds: Double
    /// What it computed.
    public var batch: IterationBatch
  }

  /// Requests that came.
  public var arrived = 0
  /// Those answered, in the order in which they were.
  public var answers: [Answer] = []
  /// Those that no machine could ever hold.
  public var rejected = 0
  /// Those in the system when the simulation ended.
  public var unfinished = 0
  /// When the last event happened, in seconds.
  public var seconds = 0.0
  /// Times between two tokens, over all sequences, in seconds.
  public var gaps = StreamingPercentiles()
  /// The machines, in their order.
  public var machines: [Machine] = []
  /// Sequences that lost their state to others and computed it again.
  public var preemptions = 0
  /// Sequences that lost their state with a machine.
  public var losses = 0
  /// States that moved.
  public var transfers = 0
  /// Bytes of state that were sent.
  public var sentBytes = 0.0
  /// Bytes of state that arrived.
  public var receivedBytes = 0.0
  /// Bytes of state that failures cut off.
  public var lostBytes = 0.0
  /// Events of the simulation.
  public var events: UInt64 = 0
  /// The first iterations, as many as were asked for.
  public var spans: [Span] = []
}

extension ServingReport {
  /// The value that `percent` of the answers do not exceed, by linear interpolation between ranks, as numpy has it;
  /// zero of no answers.
  public func percentile(_ percent: Double, _ value: (Answer) -> Double) -> Double {
    Self.percentile(percent, ofSorted: answers.map(value).sorted())
  }

  /// The same of values in ascending order.
  public static func percentile(_ percent: Double, ofSorted values: [Double]) -> Double {
    Quantile.value(percent / 100, ofSorted: values) ?? 0
  }

  /// The mean of a value over the answers; zero of none.
  public func mean(_ value: (Answer) -> Double) -> Double {
    answers.isEmpty ? 0 : answers.reduce(0) { $0 + value($1) } / Double(answers.count)
  }

  /// The part of a machine's time in which it computed.
  public func utilization(_ machine: Int) -> Double { seconds > 0 ? machines[machine].busy / seconds : 0 }

  /// The same over all machines.
  public var utilization: Double {
    machines.isEmpty ? 0 : machines.indices.reduce(0) { $0 + utilization($1) } / Double(machines.count)
  }

  /// Answered requests a second.
  public var throughput: Double { seconds > 0 ? Double(answers.count) / seconds : 0 }
}
