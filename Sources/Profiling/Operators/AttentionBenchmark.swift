import Tensors

/// Ours beside the peers on forward passes of exact attention, in GFLOP/s; the decoding of a token alone, in GB/s.
public struct AttentionBenchmark {
  /// The cases.
  public var cases: [AttentionCase]
  /// Thread counts.
  public var threads: [Int]
  /// The peers' names.
  public var peers: [String]
  /// How turns are taken.
  public var timing: TimingProtocol
  /// What sets this run's cells apart from another's in the same store.
  public var fingerprint: String

  /// A benchmark from its parts.
  public init(cases: [AttentionCase], threads: [Int], peers: [String], timing: TimingProtocol, fingerprint: String) {
    self.cases = cases
    self.threads = threads
    self.peers = peers
    self.timing = timing
    self.fingerprint = fingerprint
  }

  /// Measures every cell that the store does not have.
  ///
  /// - Returns: the rows, and the machine's ceilings for each thread count.
  /// - Throws: ``ProfilingError``; what the attention core throws; `CancellationError`.
  public func run(
    catalogue: PeerCatalogue, store: CellStore?, report: (JSON) -> Void = { _ in },
    isCancelled: @escaping () -> Bool = { false }
  ) throws -> (rows: [JSON], ceilings: [JSON]) {
    var rows: [JSON] = []
    var measured: [JSON] = []
    var field: PeerField?
    for count in threads {
      let context = Context(threads: count)
      let machine = try Ceilings.measure(
        context: context, bytes: cases.contains { $0.decodedLayers != nil } ? 256 << 20 : 32 << 20, repeats: 15)
      measured.append(machine.json)
      for attention in cases {
        if isCancelled() { throw CancellationError() }
        let key = "\(fingerprint) | \(attention.name) | \(count) threads"
        if field == nil, store?[key] == nil, attention.decodedLayers == nil {
          field = try PeerField(peers, task: .attention, catalogue: catalogue)
        }
        let measure = { try self.row(attention, context, field, machine) }
        let row = try store?.cell(key, measure) ?? measure()
        rows.append(row)
        report(row)
      }
    }
    return (rows, measured)
  }

  private func row(
    _ attention: AttentionCase, _ context: Context, _ field: PeerField?, _ machine: Ceilings
  ) throws -> JSON {
    if attention.decodedLayers != nil { return try decoding(attention, context, machine) }
    let contestant = try AttentionContestant(attention, context: context)
    let once = try contestant.turn(repeats: 1)
    let repeats = Self.repeats(once)
    let request: [JSON.Member] = [
      JSON.Member("op", "attention"), JSON.Member("n", .integer(attention.n)),
      JSON.Member("heads", .integer(attention.heads)), JSON.Member("kvHeads", .integer(attention.kvHeads)),
      JSON.Member("d", .integer(attention.d)), JSON.Member("causal", .bool(attention.causal)),
      JSON.Member("threads", .integer(context.workers.count)), JSON.Member("repeat", .integer(repeats)),
    ]
    let comparison = try Comparison(
      work: attention.operations * 1e-9, request: request, field: field, protocol: timing
    ) { try contestant.turn(repeats: repeats) }
    var members = [
      JSON.Member("test", .string(attention.name)), JSON.Member("threads", .integer(context.workers.count)),
    ]
    members += comparison.members
    let ceiling = machine.chains[.f32]?.max ?? .nan
    members.append(JSON.Member("ceiling", .rounded(ceiling, digits: 4)))
    members.append(JSON.Member("share", .rounded(comparison.ours.median / ceiling, digits: 4)))
    members.append(JSON.Member("unit", "GFLOP/s"))
    members.append(JSON.Member("peakExtraBytes", .integer(try contestant.peakExtraBytes())))
    return .object(members)
  }

  private static func repeats(_ once: Double) -> Int { max(1, min(100, Int(0.02 / max(once, 1e-6)))) }

  /// No peer holds its cache in f16 and in layers as we do, so this stands beside the machine's memory alone.
  private func decoding(_ attention: AttentionCase, _ context: Context, _ machine: Ceilings) throws -> JSON {
    let contestant = try DecodeContestant(attention, context: context)
    let repeats = Self.repeats(try contestant.turn(repeats: 1))
    let comparison = try Comparison(
      work: (attention.decodedBytes ?? 0) * 1e-9, request: [], field: nil, protocol: timing
    ) { try contestant.turn(repeats: repeats) }
    let ceiling = machine.bestRead.median
    return .object(
      [JSON.Member("test", .string(attention.name)), JSON.Member("threads", .integer(context.workers.count))]
        + comparison.members + [
          JSON.Member("ceiling", .rounded(ceiling, digits: 4)),
          JSON.Member("share", .rounded(comparison.ours.median / ceiling, digits: 4)), JSON.Member("unit", "GB/s"),
        ])
  }
}
