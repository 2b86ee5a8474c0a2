import Numerics
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ours beside the peers on products of f32 matrices, in GFLOP/s.
///
/// `ours` packs the weights inside the timed part, as the peers do; `oursPacked` has them packed ahead.
public struct MatrixBenchmark {
  /// The products.
  public var products: [MatrixProduct]
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
    products: [MatrixProduct], threads: [Int], peers: [String], timing: TimingProtocol, fingerprint: String
  ) {
    self.products = products
    self.threads = threads
    self.peers = peers
    self.timing = timing
    self.fingerprint = fingerprint
  }

  /// Measures every cell that the store does not have.
  ///
  /// - Returns: the rows, and the machine's ceilings for each thread count.
  /// - Throws: ``ProfilingError``; `TensorError` for want of memory; `CancellationError`.
  public func run(
    catalogue: PeerCatalogue, store: CellStore?, report: (JSON) -> Void = { _ in },
    isCancelled: @escaping () -> Bool = { false }
  ) throws -> (rows: [JSON], ceilings: [JSON]) {
    var rows: [JSON] = []
    var measured: [JSON] = []
    for count in threads {
      let context = Context(threads: count)
      let machine = try Ceilings.measure(context: context, bytes: 32 << 20, repeats: 15)
      measured.append(machine.json)
      // A peer may take its thread count from the environment, so peers are started anew for each.
      var field: PeerField?
      for product in products {
        if isCancelled() { throw CancellationError() }
        let key = "\(fingerprint) | \(product.name) | \(count) threads"
        if field == nil, store?[key] == nil {
          field = try PeerField(peers, task: .gemm(threads: count), catalogue: catalogue)
        }
        let measure = { try self.row(product, context, field, machine) }
        let row = try store?.cell(key, measure) ?? measure()
        rows.append(row)
        report(row)
      }
    }
    return (rows, measured)
  }

  private func row(
    _ product: MatrixProduct, _ context: Context, _ field: PeerField?, _ machine: Ceilings
  ) throws -> JSON {
    let contestant = MatrixContestant(product, context: context)
    // Enough products in a turn for some milliseconds, or one.
    let once = contestant.turn(packed: false, repeats: 1)
    let repeats = max(1, min(1000, Int(5e-3 / max(once, 1e-7))))
    let request: [JSON.Member] = [
      JSON.Member("op", "gemm"), JSON.Member("m", .integer(product.m)), JSON.Member("n", .integer(product.n)),
      JSON.Member("k", .integer(product.k)), JSON.Member("threads", .integer(context.workers.count)),
      JSON.Member("repeat", .integer(repeats)), JSON.Member("transposed", .bool(product.transposed)),
    ]
    let comparison = try Comparison(
      work: product.operations * 1e-9, request: request, field: field, protocol: timing
    ) { contestant.turn(packed: false, repeats: repeats) }
    let ahead = try timing.run([
      TimingProtocol.Contestant("packed") { contestant.turn(packed: true, repeats: repeats) }
    ])
    var members = [
      JSON.Member("test", .string(product.name)), JSON.Member("threads", .integer(context.workers.count)),
      JSON.Member("m", .integer(product.m)), JSON.Member("n", .integer(product.n)),
      JSON.Member("k", .integer(product.k)),
    ]
    members += comparison.members
    let packed = Summary(ahead.first?.seconds.map { product.operations * 1e-9 / $0 } ?? [])
    members.append(JSON.Member("oursPacked", packed?.json ?? .null))
    let ceiling = machine.chains[.f32]?.max ?? .nan
    members.append(JSON.Member("ceiling", .rounded(ceiling, digits: 4)))
    members.append(JSON.Member("share", .rounded(comparison.ours.median / ceiling, digits: 4)))
    members.append(JSON.Member("unit", "GFLOP/s"))
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
