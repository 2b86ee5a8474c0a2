import Layers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The choice of experts against its definition, and the layer against the sum of its parts.
@Suite struct ExpertLayerTests {
  static func rules() throws -> [ExpertRouting] {
    [
      try ExpertRouting(experts: 4, used: 2, normalizes: true),
      try ExpertRouting(experts: 60, used: 4, normalizes: false),
      try ExpertRouting(experts: 7, used: 7, normalizes: true, scale: 3),
      try ExpertRouting(experts: 160, used: 6, normalizes: false, scale: 16, groups: 8, usedGroups: 3),
      try ExpertRouting(
        experts: 256, used: 8, scoring: .sigmoid, normalizes: true, scale: 2.5, groups: 8, usedGroups: 4),
      try ExpertRouting(experts: 6, used: 3, scoring: .sigmoid, normalizes: false, groups: 6, usedGroups: 3),
      try ExpertRouting(experts: 1, used: 1, normalizes: false),
    ]
  }

  /// The definition, in Double, by sorting.
  static func choice(_ rule: ExpertRouting, _ products: [Double], bias: [Double]?) -> (chosen: [Int], weights: [Double])
  {
    let top = products.max() ?? 0
    let sum = products.reduce(0) { $0 + exp($1 - top) }
    let scores = products.map { rule.scoring == .softmax ? exp($0 - top) / sum : 1 / (1 + exp(-$0)) }
    let ranked = scores.enumerated().map { $1 + (bias?[$0] ?? 0) }
    let size = rule.experts / rule.groups
    let groups = (0..<rule.groups).map { group in
      let members = ranked[group * size..<(group + 1) * size].sorted(by: >)
      return rule.scoring == .softmax || size == 1 ? members[0] : members[0] + members[1]
    }
    let kept = Set((0..<rule.groups).sorted { groups[$0] > groups[$1] }.prefix(rule.usedGroups))
    let order = (0..<rule.experts).filter { kept.contains($0 / size) }.sorted { ranked[$0] > ranked[$1] }
    let chosen = Array(order.prefix(rule.used))
    let total = rule.normalizes ? chosen.reduce(0) { $0 + scores[$1] } : 1
    return (chosen, chosen.map { scores[$0] / total * Double(rule.scale) })
  }

  @Test func choicesAreThoseOfTheDefinition() throws {
    let context = Context(threads: 2)
    var random = Random(seed: 21)
    var seen: Set<Int32> = []
    for rule in try Self.rules() {
      for hasBias in [false, true] {
        let rows = 50
        let products = random.floats(rows * rule.experts, amplitude: 4)
        let bias = hasBias ? random.floats(rule.experts, amplitude: 0.3) : nil
        let (chosen, weights) = rule(
          context.tensor(products, [rows, rule.experts]),
          bias: bias.map { context.tensor($0, [rule.experts]) }, context)
        for row in 0..<rows {
          let own = products[row * rule.experts..<(row + 1) * rule.experts].map(Double.init)
          let expected = Self.choice(rule, own, bias: bias?.map(Double.init))
          let found = (0..<rule.used).map { chosen.pointer(as: Int32.self)[row * rule.used + $0] }
          #expect(found == expected.chosen.map(Int32.init), "\(rule)")
          seen.formUnion(found)
          for (index, weight) in expected.weights.enumerated() {
            #expect(abs(Double(weights.floats[row * rule.used + index]) - weight) <= 1e-5 * weight)
          }
        }
      }
    }
    #expect(seen.count > 200)
  }

  @Test func numbersThatAreNoneChooseSomeoneAndHarmNobody() throws {
    let context = Context(threads: 1)
    for rule in try Self.rules() {
      var random = Random(seed: 2)
      let clean = random.floats(3 * rule.experts)
      var spoiled = clean
      for index in 0..<rule.experts { spoiled[rule.experts + index] = index % 3 == 0 ? .nan : -.infinity }
      let shape: Shape = [3, rule.experts]
      let (chosen, weights) = rule(context.tensor(spoiled, shape), context)
      let (wanted, shares) = rule(context.tensor(clean, shape), context)
      for slot in 0..<3 * rule.used {
        let expert = chosen.pointer(as: Int32.self)[slot]
        #expect((0..<rule.experts).contains(Int(expert)))
        if slot / rule.used == 1 { continue }
        #expect(expert == wanted.pointer(as: Int32.self)[slot] && weights.floats[slot] == shares.floats[slot])
      }
    }
  }

  @Test func rulesThatDoNotFitAreRefused() {
    typealias Numbers = (experts: Int, used: Int, groups: Int, usedGroups: Int)
    let wrong: [Numbers] = [
      (0, 1, 1, 1), (-4, 1, 1, 1), (4, 0, 1, 1), (4, 5, 1, 1), (8, 1, 3, 1), (8, 1, 0, 1), (8, 1, 4, 5), (8, 1, 4, 0),
      (8, 3, 8, 2), (1 << 20, 1, 1, 1), (4096, 300, 1, 1),
    ]
    for n in wrong {
      #expect(throws: MixerError.self, "\(n)") {
        try ExpertRouting(
          experts: n.experts, used: n.used, normalizes: true, groups: n.groups, usedGroups: n.usedGroups)
      }
    }
  }

  @Test func theLayerIsTheSumOfItsParts() throws {
    let context = Context(threads: 2)
    var random = Random(seed: 5)
    let (width, hidden, experts, rows) = (24, 40, 6, 17)
    func linear(_ out: Int, _ k: Int) throws -> PackedLinear {
      PackedLinear(
        try PackedMatrix(packing: context.tensor(random.floats(out * k), [out, k]), context: context), precision: .exact
      )
    }
    let gates = try (0..<experts).map { _ in try linear(hidden, width) }
    let ups = try (0..<experts).map { _ in try linear(hidden, width) }
    let downs = try (0..<experts).map { _ in try linear(width, hidden) }
    let (router, share) = (try linear(experts, width), try linear(1, width))
    let shared = GatedMLP(gate: try linear(12, width), up: try linear(12, width), down: try linear(width, 12))
    let routing = try ExpertRouting(experts: experts, used: 2, normalizes: true)
    let packed = PackedExperts(
      gate: PackedMatrices(gates.map(\.matrix)), up: PackedMatrices(ups.map(\.matrix)),
      down: PackedMatrices(downs.map(\.matrix)))
    let x = context.tensor(random.floats(rows * width), [rows, width])
    for gate in [nil, share] {
      let layer = ExpertLayer(
        router: router, routing: routing, experts: packed, precision: .exact, shared: shared, sharedGate: gate)
      let found = layer(LinearInput(x), context).floats
      var y = [Float](repeating: 0, count: rows * width)
      let (chosen, weights) = routing(router(LinearInput(x), context), context)
      let beside = shared(LinearInput(x), context).floats
      let shares = gate.map { context.sigmoid($0(LinearInput(x), context)).floats }
      for row in 0..<rows {
        let one = LinearInput(context.contiguous(x.sliced(axis: 0, row..<row + 1)))
        for slot in row * 2..<row * 2 + 2 {
          let expert = Int(chosen.pointer(as: Int32.self)[slot])
          let part = GatedMLP(gate: gates[expert], up: ups[expert], down: downs[expert])(one, context).floats
          for column in 0..<width { y[row * width + column] += weights.floats[slot] * part[column] }
        }
        for column in 0..<width { y[row * width + column] += beside[row * width + column] * (shares?[row] ?? 1) }
      }
      let largest = y.map(abs).max() ?? 0
      for (a, b) in zip(found, y) { #expect(abs(a - b) <= 1e-5 * largest) }
      #expect(layer.cost(rows: 3).flops > 0)
    }
  }
}
