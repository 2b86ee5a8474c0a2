import CVenturi
import Profiling
import Tensors
import Testing

@Suite("Timing protocol")
struct TimingTests {
  @Test func contestantsTakeTurns() throws {
    var order = ""
    let timing = TimingProtocol(warmUps: 1, pairs: 3, pauseSeconds: 0)
    let outcomes = try timing.run([
      .init("a") {
        order += "A"; return 1
      },
      .init("b") {
        order += "B"; return Double(order.count)
      },
    ])
    #expect(order == "ABABABAB")
    // The first turn of each is a warm-up.
    #expect(outcomes.map(\.seconds) == [[1, 1, 1], [4, 6, 8]])
  }

  @Test func aFailureEndsOneContestantOnly() throws {
    struct Broken: Error {}
    var turns = 0
    let outcomes = try TimingProtocol(warmUps: 0, pairs: 4, pauseSeconds: 0).run([
      .init("good") { 1 },
      .init("bad") {
        turns += 1; if turns == 2 { throw Broken() }; return 1
      },
    ])
    #expect(outcomes[0].seconds.count == 4 && outcomes[0].failure == nil)
    #expect(outcomes[1].seconds.isEmpty && outcomes[1].failure != nil)
    #expect(turns == 2)
  }

  @Test func cancellationEndsTheRun() {
    #expect(throws: CancellationError.self) {
      try TimingProtocol(pauseSeconds: 0).run([.init("a") { throw CancellationError() }])
    }
  }

  @Test func summaryAgainstSorting() throws {
    var random = Random(seed: 3)
    for count in 1...40 {
      let values = (0..<count).map { _ in random.uniform() }
      let summary = try #require(Summary(values))
      let below = values.filter { $0 < summary.median }.count
      let above = values.filter { $0 > summary.median }.count
      #expect(below <= count / 2 && above <= count / 2)
      #expect(summary.min == values.min() && summary.max == values.max() && summary.count == count)
    }
    #expect(Summary([]) == nil)
    #expect(Summary([4, 1, 2, 3])?.median == 2.5)
  }

  /// All nⁿ draws of n ratios, against the sampled interval.
  @Test(arguments: [2, 3, 4, 5, 6])
  func bootstrapAgainstAllDraws(_ count: Int) throws {
    var random = Random(seed: UInt64(count))
    let theirs = (0..<count).map { _ in 1 + random.uniform() }
    let ours = (0..<count).map { _ in 1 + random.uniform() }
    let ratios = zip(ours, theirs).map { $1 / $0 }
    var medians: [Double] = []
    var draw = [Int](repeating: 0, count: count)
    while true {
      medians.append(try #require(Summary(draw.map { ratios[$0] })).median)
      guard let place = draw.lastIndex(where: { $0 < count - 1 }) else { break }
      draw[place] += 1
      for later in (place + 1)..<max(place + 1, count) { draw[later] = 0 }
    }
    medians.sort()
    func below(_ share: Double) -> Double { medians[Int((share * Double(medians.count - 1)).rounded(.down))] }
    func above(_ share: Double) -> Double { medians[Int((share * Double(medians.count - 1)).rounded(.up))] }
    let estimate = try #require(RatioEstimate(ours: ours, theirs: theirs, resamples: 20_000))
    #expect(estimate.median == Summary(ratios)?.median)
    // Sampling may land beside a step of the exact distribution, so a little more and less is allowed.
    #expect(below(0.015) <= estimate.low && estimate.low <= above(0.035))
    #expect(below(0.965) <= estimate.high && estimate.high <= above(0.985))
    #expect(estimate == RatioEstimate(ours: ours, theirs: theirs, resamples: 20_000))
  }

  @Test func ratiosNeedTimes() {
    #expect(RatioEstimate(ours: [], theirs: [1]) == nil)
    #expect(RatioEstimate(ours: [0], theirs: [1]) == nil)
    #expect(RatioEstimate(ours: [1, 1], theirs: [2, .nan]) == nil)
  }

  @Test(arguments: [VT_ISA_REFERENCE, VT_ISA_AVX2, VT_ISA_AVX512, VT_ISA_NEON].filter { vt_isa_supported($0) })
  func measuringKernelsCountTheirWork(_ isa: vt_isa) {
    for chain in [VT_CHAIN_F32, VT_CHAIN_I8, VT_CHAIN_U4, VT_CHAIN_I16] {
      let once = vt_measure_chain(isa, chain, 10)
      #expect(once > 0)
      #expect(vt_measure_chain(isa, chain, 30) == 3 * once)
    }
    let memory = [UInt8](repeating: 1, count: 100_000)
    for streams in 1...8 {
      for prefetch in [0, 512] as [Int32] {
        let read = vt_measure_read(isa, memory, memory.count, Int32(streams), prefetch)
        #expect(read == memory.count / streams / 64 * 64 * streams)
      }
    }
    #expect(vt_measure_read(isa, memory, 10, 1, 0) == 0)
  }
}
