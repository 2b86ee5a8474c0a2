import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ours beside the peers on single operators.
public struct OperatorBenchmark {
  /// The cases.
  public var cases: [any OperatorCase]
  /// Thread counts.
  public var threads: [Int]
  /// The peers' names.
  public var peers: [String]
  /// How turns are taken.
  public var timing: TimingProtocol
  /// What sets this run's cells apart from another's in the same store.
  public var fingerprint: String

  /// A benchmark from its parts.
  public init(
    cases: [any OperatorCase], threads: [Int], peers: [String], timing: TimingProtocol, fingerprint: String
  ) {
    self.cases = cases
    self.threads = threads
    self.peers = peers
    self.timing = timing
    self.fingerprint = fingerprint
  }

  /// Measures every cell that the store does not have.
  ///
  /// - Returns: the rows, and the machine's ceilings for each thread count.
  /// - Throws: ``ProfilingError``; what an operator throws.
  public func run(
    catalogue: PeerCatalogue, store: CellStore?, report: (JSON) -> Void = { _ in }
  ) throws -> (rows: [JSON], ceilings: [JSON]) {
    var rows: [JSON] = []
    var measured: [JSON] = []
    let bytes = cases.map(\.ceilingBytes).max() ?? 0
    for count in threads {
      let context = Context(threads: count)
      let machine = try Ceilings.measure(context: context, bytes: bytes, repeats: 15)
      measured.append(machine.json)
      // A peer may take its thread count from the environment, so peers are started anew for each. Peers that were
      // started for one kind of work are not asked for another.
      var fields: [(task: PeerCatalogue.Task, field: PeerField)] = []
      for operation in cases {
        let key = "\(fingerprint) | \(operation.name) | \(count) threads"
        let task = operation.task(threads: count)
        var field = fields.first { $0.task == task }?.field
        if field == nil, store?[key] == nil, let task {
          let started = try PeerField(peers, task: task, catalogue: catalogue)
          fields.append((task, started))
          field = started
        }
        let measure = { try self.row(operation, context, field, machine) }
        let row = try store?.cell(key, measure) ?? measure()
        rows.append(row)
        report(row)
      }
    }
    return (rows, measured)
  }

  private func row(
    _ operation: any OperatorCase, _ context: Context, _ field: PeerField?, _ machine: Ceilings
  ) throws -> JSON {
    let contestant = try operation.contestant(context)
    // Enough passes in a turn for some milliseconds, or one.
    let once = try contestant.turn(repeats: 1)
    let repeats = max(1, min(1000, Int(10e-3 / max(once, 1e-7))))
    let threads = JSON.Member("threads", .integer(context.workers.count))
    let comparison = try Comparison(
      work: operation.work, request: operation.request + [threads, JSON.Member("repeat", .integer(repeats))],
      field: field,
      protocol: timing
    ) { try contestant.turn(repeats: repeats) }
    var members = [JSON.Member("test", .string(operation.name)), threads]
    members += operation.request.dropFirst()
    members += comparison.members
    for variant in contestant.variants {
      let outcome = try timing.run([TimingProtocol.Contestant(variant.name) { try variant.turn(repeats) }])
      members.append(
        JSON.Member(variant.name, Summary(outcome.first?.seconds.map { operation.work / $0 } ?? [])?.json ?? .null))
    }
    let ceiling = operation.ceiling(of: machine)
    members.append(JSON.Member("ceiling", .rounded(ceiling, digits: 4)))
    members.append(JSON.Member("share", .rounded(comparison.ours.median / ceiling, digits: 4)))
    members.append(JSON.Member("unit", .string(operation.unit)))
    members += try contestant.figures()
    return .object(members)
  }

  private static func ratios(_ rows: [JSON]) -> [Double] { rows.compactMap { $0["ratio"]?["median"]?.double } }

  /// The geometric mean of the rows' ratios; null where no peer took part.
  public static func geometricMean(_ rows: [JSON]) -> JSON {
    let ratios = ratios(rows)
    if ratios.isEmpty { return .null }
    return .rounded(exp(ratios.reduce(0) { $0 + log($1) } / Double(ratios.count)), digits: 4)
  }

  /// The smallest of the rows' ratios.
  public static func smallest(_ rows: [JSON]) -> JSON { ratios(rows).min().map { .rounded($0, digits: 4) } ?? .null }
}
