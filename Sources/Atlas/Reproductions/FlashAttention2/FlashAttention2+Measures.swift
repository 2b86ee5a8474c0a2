import Formats
import Plots
import Profiling
import Tensors

extension FlashAttention2 {
  /// The sheet's forward figures: speed beside naive attention and PyTorch, memory, skipped blocks, a whole model.
  ///
  /// - Throws: what the operators throw; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let context = Context(threads: conditions.threads)
    let n = Self.length(conditions)
    let shape = Self.shape(n)
    try conditions.next("forward at N = \(n) beside naive attention and PyTorch")
    let comparison = try Self.compare(
      shape, try Self.torch(conditions), context, conditions, pairs: conditions.timing.pairs)
    let sizes = "N = \(n), H = 9/3, d = 64, causal, f32, \(conditions.threads) threads"
    func speed(_ peer: String, _ title: String, _ target: Double) -> Measure {
      let entry = comparison.peers.first { $0.name == peer }?.entry
      let variant = entry.map { $0.variant.isEmpty ? title : "\(title), \($0.variant)" } ?? title
      return Measure(
        "forward against \(title), \(sizes)", unit: "GFLOP/s", ours: comparison.ours, peer: entry?.rate,
        peerName: variant, ratio: comparison.ratio(to: peer), target: .atLeast(target),
        absent: comparison.absent.first { $0.name == peer }?.reason)
    }
    var measures = [
      speed("naive", "naive masked attention of the engine's own GEMM", 2), speed("torch", "PyTorch SDPA", 1.15),
    ]
    try conditions.next("memory")
    measures += try Self.memory(n, context)
    context.allocator.releaseCache()
    try conditions.next("causal against full attention")
    measures.append(try Self.skipping(n, context, conditions))
    try conditions.next("SmolLM2 beside PyTorch")
    return measures + (try Self.wholeModel(conditions))
  }

  private static func memory(_ n: Int, _ context: Context) throws -> [Measure] {
    func exact(_ value: Double) -> Summary? { Summary([value]) }
    let ours = try extraBytes(shape(n), context) * 1e-6
    let naive = NaiveForward(shape(n), context: context).extraBytes() * 1e-6
    func measure(_ name: String, _ target: Measure.Target) -> Measure {
      Measure(
        "\(name), N = \(n)", unit: "MB", ours: exact(ours), peer: exact(naive), peerName: "naive, one head",
        ratio: RatioEstimate(ours: [ours], theirs: [naive]), target: target)
    }
    let (short, long) = (n / 2, n * 2)
    // What a pass takes in all: o and LSE beside what it works with.
    func total(_ n: Int) throws -> Double { try extraBytes(shape(n), context) + Double(9 * n * (64 + 1) * 4) }
    // The sheet's 64 MB are for the matrix of 4096 × 4096.
    let matrix = 64 * Double(n * n) / (4096 * 4096)
    return [
      measure("extra memory of a forward pass", .atMost(2, .ours)),
      measure("extra memory of naive attention for each head", .atLeast(matrix, .peer)),
      Measure(
        "memory of a pass, results included, from N = \(short) to \(long): four times is linear", unit: "times",
        ours: exact(try total(long) / total(short))),
    ]
  }

  private static func skipping(_ n: Int, _ context: Context, _ conditions: RunConditions) throws -> Measure {
    let (causal, full) = (try shape(n).contestant(context), try shape(n, causal: false).contestant(context))
    let outcomes = try conditions.timing.run([
      TimingProtocol.Contestant("causal", turn: conditions.turn { try causal.turn(repeats: conditions.quick ? 4 : 1) }),
      TimingProtocol.Contestant("full", turn: conditions.turn { try full.turn(repeats: conditions.quick ? 4 : 1) }),
    ])
    let milliseconds = outcomes.map { $0.seconds.map { $0 * 1e3 } }
    // Masking alone would give 1, skipping every block above the diagonal 2; the sheet wants it shown and has no figure.
    return Measure(
      "blocks above the diagonal are skipped: causal against full, N = \(n)", unit: "ms",
      ours: Summary(milliseconds[0]),
      peer: Summary(milliseconds[1]), peerName: "ours without a mask",
      ratio: RatioEstimate(ours: milliseconds[0], theirs: milliseconds[1]))
  }

  /// Time and memory over sequence lengths, and the speeds at the headline's length.
  ///
  /// - Throws: what the operators throw; `CancellationError`.
  public func plots(_ conditions: RunConditions) throws -> [Plot] {
    let context = Context(threads: conditions.threads)
    let field = try Self.torch(conditions)
    let lengths = conditions.quick ? [256, 512, 1024] : [512, 1024, 2048, 4096, 8192]
    let names = [("ours", "Venturi"), ("naive", "naive, own GEMM"), ("torch", "PyTorch SDPA")]
    var time = names.map { Plot.Series($0.1, []) }
    var memory = [Plot.Series("Venturi, all heads", []), Plot.Series("naive, one head", [])]
    var bars: [Plot.Series] = []
    for n in lengths {
      try conditions.next("time over lengths: N = \(n)")
      let shape = Self.shape(n)
      let comparison = try Self.compare(shape, field, context, conditions, pairs: min(5, conditions.timing.pairs))
      let rates: [(Int, Summary)] = names.enumerated().compactMap { index, name in
        let rate =
          name.0 == "ours" ? comparison.ours : comparison.peers.first { $0.name == name.0 }?.entry.rate
        return rate.map { (index, $0) }
      }
      for (index, rate) in rates {
        func milliseconds(_ rate: Double) -> Double { shape.work / rate * 1e3 }
        time[index].points.append(
          Plot.Point(
            x: Double(n), y: milliseconds(rate.median), low: milliseconds(rate.max), high: milliseconds(rate.min)))
        if n == Self.length(conditions) {
          bars.append(Plot.Series(names[index].1, [.init(x: 0, y: rate.median, low: rate.min, high: rate.max)]))
        }
      }
      let ours = try Self.extraBytes(shape, context)
      let naive = NaiveForward(shape, context: context).extraBytes()
      memory[0].points.append(Plot.Point(x: Double(n), y: ours / 1e6))
      memory[1].points.append(Plot.Point(x: Double(n), y: naive / 1e6))
      context.allocator.releaseCache()
    }
    let sequence = Plot.Axis("sequence length N", logarithmic: true)
    let subtitle = "9 query heads over 3, d = 64, causal, f32, \(conditions.threads) threads"
    return [
      Plot(
        "time", title: "Forward pass: time against length", x: sequence, y: .init("time (ms)", logarithmic: true),
        series: time),
      Plot(
        "memory", title: "Forward pass: extra memory against length", x: sequence,
        y: .init("extra memory (MB)", logarithmic: true), series: memory),
      Plot(
        "speed", title: "Forward pass at N = \(Self.length(conditions))", kind: .bars, x: .init(subtitle),
        y: .init("speed (GFLOP/s)"), series: bars),
    ]
  }
}
