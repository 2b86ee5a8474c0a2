import Formats
import Foundation
import NumericTypes
import Planner
import Testing
import VenturiTesting

@Suite("Mélange: the cheapest mix") struct MelangeTests {
  typealias InstanceType = MelangeService.InstanceType

  private static func answers(_ key: String) throws -> [JSON] {
    let data = try Data(contentsOf: GoldenFiles.url("planner.json"))
    return try #require(try JSON(parsing: Array(data))[key]?.elements)
  }

  /// The case that the script made.
  private static func service(_ seed: UInt64, priceFactor: Double = 1, rateFactor: Double = 1, finer: Int = 1) throws
    -> MelangeService
  {
    var random = SplitMix(state: seed)
    let types = 1 + Int(random.uniform() * 6)
    let buckets = 1 + Int(random.uniform() * 20)
    let slices = 1 + Int(random.uniform() * Double(min(8, 60 / buckets)))
    let prices = (0..<types).map { _ in 0.5 + random.uniform() * 7.5 }
    let rates = (0..<types).map { number in
      (0..<buckets).map { _ in
        let isServed = random.uniform() < 0.9 || number == 0
        let rate = random.uniform()
        return isServed ? 0.2 + 20 * rate * rate : 0
      }
    }
    let parts = (0..<buckets).map { _ in random.uniform() }
    let rate = 0.5 + random.uniform() * 20
    return try MelangeService(
      types: zip(prices, rates).enumerated().map {
        InstanceType("\($0.offset)", price: priceFactor * $0.element.0, rates: $0.element.1)
      }, distribution: parts, rate: rateFactor * rate, slices: finer * slices)
  }

  /// Whether the slices are all placed and fit, and the cost is the counts'.
  private static func isSound(_ allocation: MelangeAllocation, _ service: MelangeService) -> Bool {
    var loads = [Double](repeating: 0, count: service.types.count)
    for bucket in service.rates.indices where service.rates[bucket] > 0 {
      guard allocation.slices[bucket].reduce(0, +) == service.slices else { return false }
      for type in service.types.indices where allocation.slices[bucket][type] > 0 {
        guard allocation.slices[bucket][type] > 0, service.types[type].rates[bucket] > 0 else { return false }
        loads[type] +=
          service.rates[bucket] / service.types[type].rates[bucket] * Double(allocation.slices[bucket][type])
          / Double(service.slices)
      }
    }
    let cost = zip(allocation.counts, service.types).reduce(0) { $0 + Double($1.0) * $1.1.price }
    return abs(cost - allocation.cost) < 1e-9 * max(1, cost) && allocation.gap == 0
      && zip(loads, allocation.counts).allSatisfy { $0 <= Double($1) + 1e-7 }
      && zip(loads, allocation.loads).allSatisfy { abs($0 - $1) < 1e-9 * max(1, $0) }
  }

  @Test("500 random services cost what HiGHS and CBC find")
  func optima() throws {
    let costs = try Self.answers("fleet")
    #expect(costs.count == 500)
    for (seed, cost) in costs.enumerated() {
      let service = try Self.service(UInt64(seed))
      let allocation = try service.solve()
      let expected = try #require(cost.double)
      #expect(
        abs(allocation.cost - expected) <= 1e-6 * max(1, expected), "case \(seed): \(allocation.cost) \(expected)")
      #expect(Self.isSound(allocation, service), "case \(seed)")
      for type in service.types.indices {
        #expect((service.single(type)?.cost ?? .infinity) >= allocation.cost - 1e-9)
      }
    }
  }

  @Test("Dearer prices, higher rates and finer slices")
  func properties() throws {
    for seed in stride(from: UInt64(0), to: 500, by: 10) {
      let cost = try Self.service(seed).solve().cost
      #expect(abs(try Self.service(seed, priceFactor: 2).solve().cost - 2 * cost) < 1e-9 * max(1, cost))
      #expect(try Self.service(seed, rateFactor: 1.1).solve().cost >= cost - 1e-9)
      #expect(try Self.service(seed, finer: 2).solve().cost <= cost + 1e-9)
    }
  }

  @Test("Between points is what scipy finds there")
  func interpolation() throws {
    let answers = try Self.answers("interpolated")
    #expect(answers.count == 40)
    for (seed, values) in answers.enumerated() {
      var random = SplitMix(state: UInt64(seed))
      let count = 2 + Int(random.uniform() * 12)
      var (xs, place) = ([Double](), 0.0)
      for _ in 0..<count {
        place += 0.1 + 9 * random.uniform()
        xs.append(place)
      }
      let ys = (0..<count).map { _ in 100 * random.uniform() }
      let function = try PiecewiseLinear(zip(xs, ys).map { ($0, $1) })
      for value in try #require(values.elements) {
        let expected = try #require(value.double)
        #expect(abs(function((1.4 * random.uniform() - 0.2) * place) - expected) < 1e-9 * max(1, abs(expected)))
      }
    }
  }

  @Test("The authors' examples")
  func examples() throws {
    let one = try MelangeService(
      types: [InstanceType("A100", price: 3.67, rates: [20, 2, 50, 20])],
      distribution: [0.25, 0.125, 0.375, 0.25], rate: 1, slices: 1)
    let allocation = try one.solve()
    #expect(allocation.counts == [1] && allocation.cost == 3.67)
    // The repository's own, whose README gives 3 A10G and 1 A100 for $6.70.
    let two = try MelangeService(
      types: [
        InstanceType("A10G", price: 1.01, rates: [2, 1, 5, 2]),
        InstanceType("A100-80GB", price: 3.67, rates: [20, 20, 40, 20]),
      ], distribution: [0.2, 0.1, 0.5, 0.2], rate: 30, slices: 1)
    let mix = try two.solve()
    #expect(mix.counts == [3, 1] && abs(mix.cost - 6.7) < 1e-9)
  }

  @Test("Nothing asked costs nothing; limits hold; what cannot be served is named")
  func limits() throws {
    let types = [InstanceType("a", price: 1, rates: [1, 0]), InstanceType("b", price: 3, rates: [2, 1])]
    #expect(try MelangeService(types: types, distribution: [0.5, 0.5], rate: 0).solve().counts == [0, 0])
    var limited = types
    limited[0].most = 1
    limited[1].least = 2
    let service = try MelangeService(types: limited, distribution: [1, 0], rate: 5, slices: 5)
    #expect(try service.solve().counts == [1, 2])
    limited[1].most = 2
    #expect(throws: PlannerError.self) {
      try MelangeService(types: limited, distribution: [1, 0], rate: 6, slices: 4).solve()
    }
    let error = #expect(throws: PlannerError.self) {
      try MelangeService(
        types: [types[0]], distribution: [0.5, 0.5], rate: 1, names: ["short", "long"])
    }
    #expect(error?.description.contains("long") == true && error?.description.contains("short") == false)
    for (price, rates, rate) in [(0.0, [1.0], 1.0), (1, [-1], 1), (1, [1, 2], 1), (1, [1], .nan), (.nan, [1], 1)] {
      #expect(throws: PlannerError.self) {
        try MelangeService(types: [InstanceType("a", price: price, rates: rates)], distribution: [1], rate: rate)
      }
    }
    for slices in [0, -1, 65] {
      #expect(throws: PlannerError.self) {
        try MelangeService(types: [types[0]], distribution: [1, 0], rate: 1, slices: slices)
      }
    }
  }

  @Test("A profile keeps its promise in the simulator, and more does not")
  func profile() throws {
    let prediction = try MelangePrediction()
    let profile = prediction.profiles[2]
    for (input, output) in [(250, 250), (1000, 100)] {
      let rate = profile.rate(input: input, output: output, promise: 0.04)
      func gap(_ factor: Double) throws -> Double {
        let load = try ServingLoad(
          .poisson(rate: factor * rate), prompt: .constant(input), output: .constant(output), seconds: 300)
        return try profile.plan.serve(load, seed: 1).mean(\.meanGap)
      }
      let (below, above) = (try gap(0.9), try gap(1.15))
      #expect(rate > 0 && below <= 0.04 && above > 0.04, "\(rate), \(below), \(above)")
    }
    // A promise that no iteration keeps, and one that all do.
    #expect(profile.rate(input: 250, output: 250, promise: 1e-4) == 0)
    #expect(profile.rate(input: 250, output: 250, promise: 1) >= profile.rate(input: 250, output: 250, promise: 0.04))
  }

  @Test("Parts of requests sum to one and have their means")
  func distributions() throws {
    let buckets = MelangeProfile.Buckets.standard
    let parts = buckets.logNormal(input: 150, output: 200, sigma: (1, 1))
    #expect(parts.count == 60 && abs(parts.reduce(0, +) - 1) < 1e-12)
    let mean = zip(parts, buckets.sizes).reduce(0) { $0 + $1.0 * Double($1.1.input) }
    #expect(abs(mean / 150 - 1) < 0.2)
    #expect(throws: PlannerError.self) { try MelangeProfile.Buckets(inputs: [], outputs: [1]) }
    #expect(throws: PlannerError.self) { try MelangeProfile.Buckets(inputs: [5, 5], outputs: [1]) }
  }

  @Test("An allocation serves its load")
  func validation() throws {
    let prediction = try MelangePrediction()
    let (service, _) = try prediction.service(.arena, rate: 8, promise: 0.12)
    let allocation = try service.solve()
    let validation = try MelangeValidation(
      allocation, of: service, profiles: prediction.profiles, buckets: prediction.buckets, promise: 0.12, seconds: 120)
    let served = validation.fleets.reduce(0) { $0 + $1.answers }
    #expect(abs(Double(served) / 120 / service.rates.reduce(0, +) - 1) < 0.15)
    #expect(validation.fleets.map(\.count) == allocation.counts.filter { $0 > 0 } && validation.attainment > 0.5)
  }
}

/// The generator of the script.
private struct SplitMix {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
