import Testing
import Training

@Suite("Orders that are computed") struct PermutationTests {
  @Test("Every number comes once", arguments: Array(0...70) + [100, 127, 128, 129, 255, 1000, 1024, 4097, 60_000])
  func isPermutation(_ count: Int) {
    for epoch in 0..<3 {
      let order = Permutation(count: count, seed: 7, epoch: epoch)
      #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count))
    }
  }

  @Test("Seeds and epochs give orders of their own, always the same") func dependsOnSeedAndEpoch() {
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let order = Permutation(count: 1000, seed: seed, epoch: epoch)
      return (0..<1000).map { order[$0] }
    }
    let all = [order(1, 0), order(1, 1), order(2, 0), order(1 << 32 | 1, 0), order(1, 1 << 40)]
    #expect(Set(all).count == 5)
    #expect(order(1, 1) == all[1])
    // Two orders of a thousand agree in about one place.
    for (index, a) in all.enumerated() {
      for b in all[..<index] { #expect(zip(a, b).count { $0 == $1 } < 12) }
    }
  }

  @Test("All orders of four are about equally frequent") func smallOrdersAreUniform() {
    var counts: [[Int]: Int] = [:]
    let runs = 24_000
    for seed in 0..<runs {
      let order = Permutation(count: 4, seed: UInt64(seed), epoch: 0)
      counts[(0..<4).map { order[$0] }, default: 0] += 1
    }
    #expect(counts.count == 24)
    // χ² with 23 degrees of freedom is above 60 once in thirty thousand times; the seeds are fixed.
    let expected = Double(runs) / 24
    let chi = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(chi < 60, "\(chi)")
  }

  @Test("Each number is as likely at each place", arguments: [5, 13, 37]) func placesAreUniform(_ count: Int) {
    let runs = 6000
    var table = [Int](repeating: 0, count: count * count)
    for seed in 0..<runs {
      let order = Permutation(count: count, seed: UInt64(seed), epoch: 3)
      for place in 0..<count { table[place * count + order[place]] += 1 }
    }
    let expected = Double(runs) / Double(count)
    let chi = table.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    let freedom = Double((count - 1) * (count - 1))
    #expect(chi < freedom + 6 * (2 * freedom).squareRoot(), "\(chi) of \(freedom)")
  }

  @Test("The largest numbers there are do not trap") func extremes() {
    let order = Permutation(count: .max, seed: .max, epoch: .max)
    for place in [0, 1, 1 << 40, Int.max - 1] { #expect((0..<Int.max).contains(order[place])) }
  }
}
