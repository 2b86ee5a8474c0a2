import Costs
import Planner
import Testing

@Suite("TokenWeave") struct TokenWeaveTests {
  private let device: Device
  private let shape: TransformerShape

  init() throws {
    device = try DeviceCatalogue.published.device("H100-SXM")
    shape = try ModelCatalogue.published.entry("llama-3-70b").shape
  }

  private func engine(
    _ constants: TokenWeave.Constants = TokenWeave.Constants(), sequence: Int = 16_384
  ) throws -> TokenWeave {
    try TokenWeave(shape, on: device, sequence: sequence, constants: constants)
  }

  /// Seconds of a layer from its parts, in the plainest words.
  private func layer(_ tokens: Int, sequence: Int) -> (attention: Double, feed: Double, norm: Double, sum: Double) {
    let rate = 989.4e12 * 0.737
    func product(_ columns: Int, _ inner: Int) -> Double {
      let tiles = (Double(tokens) / 128).rounded(.up) * (Double(columns) / 256).rounded(.up)
      let arithmetic = (tiles / 132).rounded(.up) * 132 * 2 * 128 * 256 * Double(inner) / rate
      let (r, c, k) = (Double(tokens), Double(columns), Double(inner))
      return max(arithmetic, 2 * (k * c + r * k + r * c) / (3.35e12 * 0.86))
    }
    var pairs = 0.0
    for row in 0..<tokens { pairs += Double(row % sequence + 1) }
    let attention = product(1280, 8192) + 4 * pairs * 8 * 128 / rate + product(8192, 1024)
    let numbers = Double(tokens) * 8192
    return (
      attention, product(7168, 8192) + product(8192, 3584), 8 * numbers / (3.35e12 * 0.86),
      2 * 3.33e-6 + 2 * numbers / 450e9
    )
  }

  @Test("Modes that follow one after the other are sums")
  func sums() throws {
    for (tokens, sequence) in [(1, 4096), (777, 100), (1024, 1024), (5000, 4096), (16_384, 16_384)] {
      let engine = try engine(sequence: sequence)
      let parts = layer(tokens, sequence: sequence)
      let modules = parts.attention + parts.feed
      let own = Double((tokens + 7) / 8)
      let filled = layer(Int(own) * 8, sequence: sequence)
      let fused = max(filled.sum, filled.norm / 8)
      for (mode, seconds) in [
        (TokenWeave.Mode.none, modules + 2 * (parts.sum + parts.norm)), (.silent, modules + 2 * parts.norm),
        (.fuse, modules + 2 * fused), (.weave, modules + 2 * fused),
      ] {
        let simulated = try engine.schedule(mode, tokens: tokens).run().seconds
        #expect(abs(simulated / (80 * seconds) - 1) < 1e-9, "\(mode) \(tokens)")
      }
    }
  }

  @Test("A woven batch as a recursion over its parts")
  func woven() throws {
    let engine = try engine()
    for (tokens, first, count) in [(4096, 2048, 4), (8192, 4224, 8), (16_384, 8192, 2), (1025, 1, 8)] {
      let split = TokenWeave.Split(first: first, communicating: count)
      let schedule = try engine.schedule(.weave, tokens: tokens, split: split)
      #expect(schedule.tasks.count == 80 * 8)
      // Two streams in order, each part waiting for its own latest sum.
      var (compute, link) = (0.0, 0.0)
      var sums = [0.0, 0.0]
      for index in stride(from: 0, to: schedule.tasks.count, by: 2) {
        let part = index / 2 % 2
        compute = max(compute, sums[part]) + schedule.tasks[index].seconds
        link = max(link, compute) + schedule.tasks[index + 1].seconds
        sums[part] = link
      }
      #expect(abs(try schedule.run().seconds / link - 1) < 1e-9)
      // All rows and all pairs are there: what one part alone takes and the other adds up, but for waves.
      let seconds = schedule.tasks.prefix(8).filter { $0.stream == .compute }.reduce(0) { $0 + $1.seconds }
      let whole = layer(tokens, sequence: 16_384)
      #expect(seconds >= (whole.attention + whole.feed) * (1 - 1e-9) * 0.9)
    }
  }

  @Test("The tuned split is the fastest of those tried, and below the threshold there is none")
  func tuning() throws {
    let engine = try engine()
    for tokens in [1, 512, 1023] {
      #expect(try engine.tuned(tokens) == nil)
      let estimate = try engine.estimate(tokens: tokens)
      #expect(estimate.seconds[.weave] == estimate.seconds[.fuse])
    }
    var woven = 0
    for tokens in [1024, 2048, 5000, 8192, 16_384] {
      let split = try engine.tuned(tokens)
      let fused = try engine.schedule(.fuse, tokens: tokens).run().seconds
      var best = fused
      for offset in -4...4 {
        for count in [2, 4, 8] {
          let first = (tokens + 255) / 256 * 128 + 128 * offset
          guard first > 0, first < tokens else { continue }
          let trial = TokenWeave.Split(first: first, communicating: count)
          best = min(best, try engine.schedule(.weave, tokens: tokens, split: trial).run().seconds)
        }
      }
      let estimate = try engine.estimate(tokens: tokens)
      #expect(estimate.seconds[.weave] == best && (split == nil) == (best == fused))
      #expect(estimate.gain() >= 1 && estimate.gain(over: .fuse) >= 1)
      if split != nil { woven += 1 }
    }
    #expect(woven >= 2)
  }

  @Test("Weaving beats no communication by the norm that it hides, and by nothing else")
  func silent() throws {
    #expect(try engine().estimate(tokens: 16_384).gain(over: .silent) > 1)
    // A memory so fast that norms take nothing.
    var fast = device
    fast.bandwidth.value = 1e18
    for tokens in TokenWeavePrediction.batches {
      let engine = try TokenWeave(shape, on: fast)
      #expect(try engine.estimate(tokens: tokens).gain(over: .silent) <= 1)
    }
  }

  @Test("The paper's share and gain")
  func published() throws {
    let rows = try TokenWeavePrediction.predictions()
    #expect(rows.count == 2 && rows.allSatisfy { $0.isEvidence && $0.met })
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    for devices in [0, 3, 16] {
      #expect(throws: PlannerError.self) { try TokenWeave(shape, on: device, devices: devices) }
    }
    #expect(throws: PlannerError.self) {
      try TokenWeave(ModelCatalogue.published.entry("mixtral-8x7b").shape, on: device)
    }
    #expect(throws: PlannerError.self) { try TokenWeave(shape, on: DeviceCatalogue.published.device("T4")) }
    for constants in [
      TokenWeave.Constants(processors: 0), TokenWeave.Constants(tileRows: 0),
      TokenWeave.Constants(tileColumns: Int.max),
      TokenWeave.Constants(compute: 0), TokenWeave.Constants(memory: 1.1), TokenWeave.Constants(compute: .nan),
    ] {
      #expect(throws: PlannerError.self) { try engine(constants) }
    }
    let usual = try engine()
    for tokens in [0, -1, Int.max] {
      #expect(throws: PlannerError.self) { try usual.estimate(tokens: tokens) }
    }
    for split in [
      TokenWeave.Split(first: 0, communicating: 4), TokenWeave.Split(first: 100, communicating: 4),
      TokenWeave.Split(first: 50, communicating: 132), TokenWeave.Split(first: 50, communicating: 0),
    ] {
      #expect(throws: PlannerError.self) { try usual.schedule(.weave, tokens: 100, split: split) }
    }
    #expect(throws: PlannerError.self) {
      try usual.schedule(.weave, tokens: 1, split: TokenWeave.Split(first: 1, communicating: 4))
    }
  }
}
