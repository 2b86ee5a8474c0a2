import Formats
import Models
import Tensors

/// Ours beside the peers on one model file: every test at every thread count, in turns, with ceilings measured in the
/// same run.
public struct ModelBenchmark {
  /// The model file.
  public var path: String
  /// Its weights.
  public var inventory: WeightInventory
  /// Thread counts.
  public var threads: [Int]
  /// The tests.
  public var tests: [ModelTest]
  /// The peers' names.
  public var peers: [String]
  /// How turns are taken.
  public var timing: TimingProtocol
  /// What sets this run's cells apart from another's in the same store.
  public var fingerprint: String

  /// A benchmark from its parts.
  public init(
    path: String, inventory: WeightInventory, threads: [Int], tests: [ModelTest], peers: [String],
    timing: TimingProtocol, fingerprint: String
  ) {
    self.path = path
    self.inventory = inventory
    self.threads = threads
    self.tests = tests
    self.peers = peers
    self.timing = timing
    self.fingerprint = fingerprint
  }

  /// The tokens that the longest test needs.
  public var capacity: Int { tests.map { $0.depth + $0.tokens }.max() ?? 0 }

  /// Measures every cell that the store does not have.
  ///
  /// - Parameters:
  ///   - catalogue: where the peers are.
  ///   - store: finished cells; none are kept without one.
  ///   - load: our model on a context.
  ///   - report: called with each row as it is finished.
  /// - Returns: the rows, and the machine's ceilings for each thread count.
  /// - Throws: ``ProfilingError``; what loading or evaluating throws.
  public func run(
    catalogue: PeerCatalogue, store: CellStore?, load: (Context) throws -> any LanguageModel,
    report: (JSON) -> Void = { _ in }
  ) throws -> (rows: [JSON], ceilings: [JSON]) {
    var rows: [JSON] = []
    var measured: [JSON] = []
    var field: PeerField?
    for count in threads {
      let keys = tests.map { "\(fingerprint) | \($0.name) | \(count) threads" }
      let ceilingKey = "\(fingerprint) | ceilings | \(count) threads"
      if let known = store?[ceilingKey], keys.allSatisfy({ store?[$0] != nil }) {
        measured.append(known)
        for row in keys.compactMap({ store?[$0] }) {
          rows.append(row)
          report(row)
        }
        continue
      }
      let context = Context(threads: count)
      let machine = try Ceilings.measure(context: context)
      try store?.store(machine.json, for: ceilingKey)
      measured.append(machine.json)
      let ceilings = ModelCeilings(machine: machine, inventory: inventory)
      let contestant = try ModelContestant(model: load(context), capacity: max(1, capacity))
      for (key, test) in zip(keys, tests) {
        if field == nil, store?[key] == nil {
          field = try PeerField(
            peers,
            task: .model(
              path: path, capacity: max(capacity, 512), vocabulary: contestant.vocabularySize),
            catalogue: catalogue)
        }
        let measure = { try self.row(test, count, contestant, field, ceilings) }
        let row = try store?.cell(key, measure) ?? measure()
        rows.append(row)
        report(row)
      }
    }
    return (rows, measured)
  }

  private func row(
    _ test: ModelTest, _ threads: Int, _ contestant: ModelContestant, _ field: PeerField?, _ ceilings: ModelCeilings
  ) throws -> JSON {
    let request: [JSON.Member] = [
      JSON.Member("op", .string(test.kind.rawValue)), JSON.Member("tokens", .integer(test.tokens)),
      JSON.Member("depth", .integer(test.depth)), JSON.Member("threads", .integer(threads)),
      JSON.Member("cache", "f16"),
    ]
    let comparison = try Comparison(work: Double(test.tokens), request: request, field: field, protocol: timing) {
      try contestant.turn(test)
    }
    var members = [JSON.Member("test", .string(test.name)), JSON.Member("threads", .integer(threads))]
    members += comparison.members
    let ceiling = test.kind == .prefill ? ceilings.prefill : ceilings.decode(depth: test.depth)
    members.append(JSON.Member("ceiling", .rounded(ceiling, digits: 4)))
    members.append(JSON.Member("share", .rounded(comparison.ours.median / ceiling, digits: 4)))
    if test.kind == .decode {
      let best = ceilings.decodeBest(depth: test.depth)
      members.append(JSON.Member("ceilingBestRead", .rounded(best, digits: 4)))
      members.append(JSON.Member("shareBestRead", .rounded(comparison.ours.median / best, digits: 4)))
    }
    members.append(JSON.Member("unit", "tokens/s"))
    return .object(members)
  }
}
