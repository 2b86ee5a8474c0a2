import Testing

import Training

@Suite("Tuning") struct TuningTests {
  @Test("Numbers lie in their ranges, logarithms evenly where declared")
  func ranges() throws {
    let space = try SearchSpace([
      .init("rate", .logarithmic(1e-4, 1)), .init("drop", .linear(0, 0.5)), .init("size", .choice([32, 64, 128])),
    ])
    let points = try HaltonSequence(dimensions: 3, seed: 9)
    let values = (0..<400).map { space.values(at: points[$0]) }
    // A quarter of even logarithms for each factor of ten, up to the evenness of the sequence.
    for decade in 0..<4 {
      let low = 1e-4 * [1.0, 10, 100, 1000][decade]
      let count = values.count { low <= $0["rate"]! && $0["rate"]! < 10 * low }
      #expect((95...105).contains(count), "\(count) from \(low)")
    }
    #expect(values.allSatisfy { (0...0.5).contains($0["drop"]!) && [32, 64, 128].contains($0["size"]!) })
    for size in [32.0, 64, 128] { #expect((125...141).contains(values.count { $0["size"] == size })) }
    #expect(try HaltonSequence(dimensions: 3, seed: 9)[17] == points[17])
    #expect(try HaltonSequence(dimensions: 3, seed: 8)[17] != points[17])
  }

  @Test("Halton's sequence by hand")
  func halton() {
    #expect((1...5).map { HaltonSequence.reversed($0, 2) } == [0.5, 0.25, 0.75, 0.125, 0.625])
    #expect(abs(HaltonSequence.reversed(5, 3) - (2.0 / 3 + 1.0 / 9)) < 1e-15)
  }

  @Test("What is no range is refused")
  func refused() {
    for range in [
      SearchSpace.Range.logarithmic(0, 1), .logarithmic(2, 1), .linear(1, 0), .linear(0, .infinity), .choice([]),
    ] {
      #expect(throws: DataError.self) { try SearchSpace([.init("a", range)]) }
    }
    #expect(throws: DataError.self) {
      try SearchSpace([.init("a", .linear(0, 1)), .init("a", .linear(0, 1))])
    }
    #expect(throws: DataError.self) { try HaltonSequence(dimensions: 99, seed: 0) }
  }

  @Test("The tuner comes nearer than even draws, and proposes the same for the same trials")
  func parzen() throws {
    let space = try SearchSpace([.init("x", .linear(0, 1)), .init("y", .linear(0, 1))])
    func loss(_ point: [Double]) -> Double {
      (point[0] - 0.31) * (point[0] - 0.31) + (point[1] - 0.77) * (point[1] - 0.77)
    }
    var (ours, even) = ([Double](), [Double]())
    for seed in 0..<20 as Range<UInt64> {
      var tuner = TreeParzenTuner(space, seed: seed)
      var plain = TreeParzenTuner(space, evenTrials: .max, seed: seed)
      for _ in 0..<40 {
        let point = tuner.proposal()
        #expect(point == tuner.proposal() && point.allSatisfy { (0..<1).contains($0) })
        tuner.tell(point, score: -loss(point))
        let other = plain.proposal()
        plain.tell(other, score: -loss(other))
      }
      ours.append(-(tuner.best?.score ?? -1))
      even.append(-(plain.best?.score ?? -1))
    }
    #expect(ours.sorted()[10] < 0.5 * even.sorted()[10])
  }
}
