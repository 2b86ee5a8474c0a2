import Costs
import NumericTypes
import Planner
import Testing

@Suite("Zeppelin") struct ZeppelinTests {
  private let device: Device
  private let shape: TransformerShape

  init() throws {
    device = try DeviceCatalogue.published.device("H100-SXM")
    shape = try ModelCatalogue.published.entry("llama-2-7b").shape
  }

  private func cluster(nodes: Int, per: Int, capacity: Int) throws -> Zeppelin {
    try Zeppelin(shape, on: device, nodes: nodes, devicesPerNode: per, capacity: capacity)
  }

  private func lengths(_ random: inout Random, count: Int, most: Int) -> [Int] {
    (0..<count).map { _ in
      let u = random.uniform()
      return 1 + Int(u * u * u * Double(most - 1))
    }
  }

  @Test("Every token once, never more than a device has room for, in a thousand random batches")
  func plans() throws {
    var random = Random(seed: 54)
    var zones: [ZeppelinPlan.Zone: Int] = [:]
    var refused = 0
    for round in 0..<1000 {
      let (nodes, per) = (1 + Int(random.uniform() * 4), 1 + Int(random.uniform() * 4))
      let capacity = 50 + Int(random.uniform() * 2000)
      let cluster = try cluster(nodes: nodes, per: per, capacity: capacity)
      let batch = lengths(&random, count: 1 + Int(random.uniform() * Double(2 * nodes * per)), most: 3 * capacity)
      guard batch.reduce(0, +) <= cluster.devices * capacity else {
        #expect(throws: PlannerError.self) { try cluster.plan(batch) }
        refused += 1
        continue
      }
      let plan = try cluster.plan(batch)
      var seen = [Int](repeating: 0, count: batch.count)
      for placement in plan.placements {
        #expect(placement.tokens.reduce(0, +) == batch[placement.sequence])
        #expect(
          placement.length == batch[placement.sequence] && Set(placement.devices).count == placement.devices.count)
        // Blocks of a ring differ by one token at the most.
        #expect((placement.tokens.max() ?? 0) - (placement.tokens.min() ?? 0) <= 1)
        seen[placement.sequence] += 1
        zones[plan.zone(placement), default: 0] += 1
      }
      #expect(seen.allSatisfy { $0 == 1 }, "round \(round)")
      #expect(plan.tokens.allSatisfy { $0 <= capacity } && plan.tokens.reduce(0, +) == batch.reduce(0, +))
    }
    #expect(zones.count == 3 && refused > 50 && zones.values.allSatisfy { $0 > 100 }, "\(zones) \(refused)")
  }

  /// The best of all ways to give each sequence any devices.
  private func best(_ cluster: Zeppelin, _ batch: [Int]) throws -> Double {
    let subsets = (1..<1 << cluster.devices).map { mask in
      (0..<cluster.devices).filter { mask >> $0 & 1 == 1 }
    }
    var best = Double.infinity
    var choice = [Int](repeating: 0, count: batch.count)
    while true {
      var plan = ZeppelinPlan(cluster)
      var loads = [Int](repeating: 0, count: cluster.devices)
      for (index, length) in batch.enumerated() {
        plan.place(index, length: length, on: subsets[choice[index]], loads: &loads)
      }
      if loads.allSatisfy({ $0 <= cluster.capacity }) { best = min(best, try cluster.layer(plan).seconds) }
      guard let place = choice.firstIndex(where: { $0 < subsets.count - 1 }) else { return best }
      for before in 0..<place { choice[before] = 0 }
      choice[place] += 1
    }
  }

  @Test("Plans beside the best of all placements of few sequences: within 15 %")
  func bruteForce() throws {
    var random = Random(seed: 55)
    var worst = 1.0
    for (nodes, per, count, rounds) in [(1, 2, 6, 25), (1, 3, 5, 15), (1, 4, 3, 15), (2, 2, 3, 15), (2, 1, 6, 15)] {
      for _ in 0..<rounds {
        let cluster = try cluster(nodes: nodes, per: per, capacity: 40_000)
        var batch = lengths(&random, count: count, most: 30_000)
        while batch.reduce(0, +) > cluster.devices * cluster.capacity { batch.removeLast() }
        let ours = try cluster.layer(cluster.plan(batch)).seconds
        worst = max(worst, ours / (try best(cluster, batch)))
      }
    }
    #expect(worst >= 1 && worst <= 1.15, "\(worst)")
  }

  @Test("Evening tokens out takes as long as a linear program says")
  func remap() throws {
    let cases = try ZeppelinGolden.read()
    #expect(cases.count > 100)
    for row in cases {
      let remap = try ZeppelinRemap(
        row.tokens, devicesPerNode: row.devicesPerNode, insideCost: row.inside, outsideCost: row.outside)
      #expect(abs(remap.seconds - row.seconds) <= 0.001 * row.seconds + 1e-6)
      // What each sends is what it has too much.
      let mean = Double(row.tokens.reduce(0, +)) / Double(row.tokens.count)
      for (index, tokens) in row.tokens.enumerated() {
        #expect(abs(remap.inside[index] + remap.outside[index] - max(0, Double(tokens) - mean)) < 1e-6)
      }
    }
  }

  @Test("A layer's seconds by hand")
  func byHand() throws {
    let cluster = try cluster(nodes: 1, per: 2, capacity: 10_000)
    let rate: Double = 989.4e12 * 0.737
    // One sequence, both devices: one hop of half of its keys under half of its work.
    let plan = try cluster.plan([8000], parts: Zeppelin.Parts(partition: false))
    let layer = try cluster.layer(plan)
    let pairs: Double = 8000 * 8000
    let work = pairs * 4096 / rate
    let bytes: Double = 4 * 4096 * 4000
    let hop = 3.33e-6 + bytes / 400e9
    let longer = max(work, hop)
    #expect(abs(layer.attention[0] / longer - 1) < 1e-12)
    #expect(layer.attention[0] == layer.attention[1])
    let weights: Double = 4 * 4096 * 4096 + 3 * 4096 * 11008
    let linear = weights * 8000 / rate
    #expect(abs(layer.linear / linear - 1) < 1e-12)
    #expect(layer.remapping == 0 && layer.imbalance == 1)
    #expect(layer.insideBytes[0] == bytes && layer.outsideBytes[0] == 0)
    // Without queues only what a ring's own work does not cover is waited for.
    let other = try cluster.layer(plan, parts: Zeppelin.Parts(queues: false))
    let waited = work + max(0, hop - work)
    #expect(abs(other.attention[0] / waited - 1) < 1e-12)
  }

  @Test("No part that is left out makes a step faster")
  func ablations() throws {
    for name in ["H100-SXM", "A100-SXM-80GB"] {
      for mix in ZeppelinPrediction.Mix.all {
        for nodes in [2, 4] {
          let all = try ZeppelinPrediction.gain(shape, mix, nodes: nodes, device: name)
          for parts in [
            Zeppelin.Parts(partition: false), Zeppelin.Parts(queues: false), Zeppelin.Parts(routing: false),
            Zeppelin.Parts(remapping: false),
          ] {
            let gain = try ZeppelinPrediction.gain(shape, mix, nodes: nodes, device: name, parts: parts)
            #expect(gain <= all * 1.02, "\(name) \(mix.name) \(nodes) \(parts)")
          }
          #expect(all > 1)
        }
      }
    }
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    for (nodes, per, capacity) in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (Int.max, 1, 1), (1, 65, 1), (1, 1, Int.max)] {
      #expect(throws: PlannerError.self) { try cluster(nodes: nodes, per: per, capacity: capacity) }
    }
    let four = try cluster(nodes: 2, per: 2, capacity: 100)
    for batch in [[], [0], [-1], [401], [Int.max, Int.max], [Int](repeating: 1, count: 5000)] {
      #expect(throws: PlannerError.self) { try four.plan(batch) }
    }
    #expect(try four.plan([400]).tokens == [100, 100, 100, 100])
    let most = try cluster(nodes: 1 << 10, per: 8, capacity: 1000)
    #expect(throws: PlannerError.self) { try most.plan([Int](repeating: 1, count: 600)) }
    let other = try Zeppelin(shape, on: device, nodes: 4, devicesPerNode: 1, capacity: 100)
    #expect(throws: PlannerError.self) { try other.layer(four.plan([100])) }
    #expect(throws: PlannerError.self) {
      try Zeppelin(ModelCatalogue.published.entry("deepseek-v3").shape, on: device, nodes: 1, capacity: 1)
    }
    #expect(throws: PlannerError.self) {
      try ZeppelinRemap([1, 2, 3], devicesPerNode: 2, insideCost: 1, outsideCost: 2)
    }
    #expect(throws: PlannerError.self) { try ZeppelinRemap([1, 2], devicesPerNode: 2, insideCost: 2, outsideCost: 1) }
    #expect(throws: PlannerError.self) { try ZeppelinPrediction.Mix.all[0].batch(tokens: 0, longest: 1, seed: 0) }
  }
}
