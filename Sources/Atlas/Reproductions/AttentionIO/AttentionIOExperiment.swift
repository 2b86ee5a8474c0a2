import NumericTypes
import Planner
import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The I/O Complexity of Attention, or How Optimal is Flash Attention?, 2024, arXiv 2402.07443.
///
/// Schedules run on a machine that counts words: outputs, counts, slopes over the memory's size, and where two schedules cross.
public struct AttentionIOExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 35

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "misses of the engine's kernel and of a naive one in a simulated last-level cache, beside the plan",
    "tile sizes of the kernel as planned beside the fastest of all, timed",
    "the kernel with the small cache's schedule",
  ]

  /// The experiment.
  public init() {}

  /// What FlashAttention's first paper measured on an A100.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try AttentionIOPrediction.predictions() }

  /// The sheet's oracle.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: schedules on the machine")
    return [
      try Check("outputs within 1e-10 of each other, words as the formulas say, never more than M") {
        try Self.machine()
      },
      try Check("no blocks move fewer words than those chosen") { try Self.choice() },
    ]
  }

  private static func machine() throws -> (passed: Bool, detail: String) {
    var random = Random(seed: 35)
    var (cases, worst, holds) = (0, 0.0, true)
    for (n, d, memory, group) in [(29, 6, 90, 1), (40, 16, 3, 1), (17, 5, 300, 3), (64, 8, 1 << 16, 1)] {
      let io = try AttentionIO(tokens: n, width: d, memory: memory, group: group)
      func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in 2 * random.uniform() - 1 } }
      let (q, k, v) = (numbers(io.rows * d), numbers(n * d), numbers(n * d))
      var first: [Double]?
      let schedules = [.naive, io.bestFlash(), io.bestKeysOutermost(), io.squareProducts(), io.bestProducts()]
      for schedule in schedules.compactMap({ $0 }) where io.residency(schedule) <= memory {
        let program = try AttentionProgram(io, schedule, queries: q, keys: k, values: v)
        let output = program.output
        worst = max(worst, zip(output, first ?? output).map { abs($0 - $1) }.max() ?? .infinity)
        first = first ?? output
        let machine = program.machine
        holds =
          try holds && machine.words == io.words(schedule) && machine.mostResident == io.residency(schedule)
          && machine.mostResident <= memory
        cases += 1
      }
    }
    return (holds && worst < 1e-10 && cases >= 14, "\(cases) runs, largest difference \(scientific(worst))")
  }

  private static func choice() throws -> (passed: Bool, detail: String) {
    var (cases, holds) = (0, true)
    for memory in [3, 9, 25, 70, 200, 900] {
      let io = try AttentionIO(tokens: 14, width: 5, memory: memory)
      let best = try io.words(io.bestSchedule())
      for rows in 1...14 {
        for columns in 1...14 {
          let tile = AttentionSchedule.ProductTile(rows: rows, columns: columns)
          for schedule in [
            AttentionSchedule.flash(rows: rows, columns: columns), .products(scores: tile, values: tile),
          ]
          where io.residency(schedule) <= memory {
            holds = try holds && io.words(schedule) >= best
            cases += 1
          }
        }
      }
    }
    return (holds, "\(cases) schedules")
  }

  /// Least squares through points of logarithms.
  private static func slope(_ points: [(memory: Int, words: Int)]) throws -> Double {
    try LinearFit(
      rows: points.map { [1, log(Double($0.memory))] }, values: points.map { log(Double($0.words)) }
    ).coefficients[1]
  }

  /// Slopes, the crossing, and traffic on an A100.
  ///
  /// - Throws: `PlannerError`; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    try conditions.next("slopes")
    let (n, d) = (1024, 128)
    func io(_ memory: Int) throws -> AttentionIO { try AttentionIO(tokens: n, width: d, memory: memory) }
    var (flash, products): ([(memory: Int, words: Int)], [(memory: Int, words: Int)]) = ([], [])
    for memory in stride(from: d * d, through: n * d / 4, by: 256) {
      if let best = try io(memory).bestFlash() { flash.append((memory, try io(memory).words(best) - 2 * n * d)) }
    }
    for memory in stride(from: 64, through: d * d / 4, by: 16) {
      products.append((memory, try io(memory).words(io(memory).bestProducts()) - 4 * n * n - n - n * d))
    }
    var crossing = 0
    for memory in stride(from: d * d / 16, through: 4 * d * d, by: 16) where crossing == 0 {
      if case .flash = try io(memory).bestSchedule() { crossing = memory }
    }
    let small = try io(d * d / 16)
    let fewer =
      try small.bestFlash().map { Double(try small.words($0)) / Double(try small.words(small.bestProducts())) } ?? .nan
    let head = try AttentionIOPrediction.head()
    let ratio =
      try head.bestFlash().map { Double(try head.words(head.bestProducts())) / Double(try head.words($0)) } ?? .nan
    return [
      Measure(
        "flash, N = 1024, d = 128: distance of the slope of words over M from −1, the fixed 2Nd left out", unit: "",
        ours: Summary([abs(try Self.slope(flash) + 1)]), target: .atMost(0.03, .ours)),
      Measure(
        "products: distance of the slope from −1/2, below d²/4, scores and their pass left out", unit: "",
        ours: Summary([abs(try Self.slope(products) + 0.5)]), target: .atMost(0.03, .ours)),
      Measure(
        "where flash begins to move fewer words than products, as a part of d², at least 1/6", unit: "",
        ours: Summary([Double(crossing) / Double(d * d)]), target: .atLeast(1 / 6, .ours)),
      Measure(
        "where flash begins to move fewer words than products, as a part of d², at most 2", unit: "",
        ours: Summary([Double(crossing) / Double(d * d)]), target: .atMost(2, .ours)),
      Measure(
        "at M = d²/16: times fewer words by products than by flash", unit: "", ours: Summary([fewer]),
        target: .atLeast(2, .ours)),
      Measure(
        "a multiprocessor of an A100, N = 1024, d = 64, forward: times fewer words by flash than with scores stored",
        unit: "", ours: Summary([ratio]), target: .atLeast(5, .ours)),
    ]
  }
}
