import NumericTypes
import Planner
import Testing

@Suite("Kinetics") struct KineticsTests {
  /// What a loop over the steps of each trial counts.
  private func summed(_ model: KineticsModel, _ load: KineticsLoad, _ attention: KineticsAttention) -> KineticsCost {
    let h = Double(model.layers * model.headDim)
    let (queries, keys) = (Double(model.heads) * h, Double(model.kvHeads) * h)
    let trials = Double(load.trials)
    var cost = KineticsCost()
    for step in 1...load.answer {
      let context = load.prompt + step
      cost.linear += trials * 2 * model.parameters
      guard let budget = attention.budget else {
        // q·k and the sum over v: two products of two operations each.
        cost.attention += trials * 4 * queries * Double(context)
        // Keys and values of two bytes; the prompt's once.
        cost.keyValueBytes += 4 * keys * (Double(load.prompt) + trials * Double(step))
        continue
      }
      let read = Double(min(context, budget))
      cost.attention += trials * 4 * queries * read
      cost.keyValueBytes += trials * 4 * keys * read
      if case .blocks(let size, _, _) = attention {
        // One product with each block's mean, of keys only.
        cost.attention += trials * 2 * queries * Double(context) / Double(size)
        cost.keyValueBytes += 2 * keys * (Double(load.prompt) + trials * Double(step)) / Double(size)
      }
    }
    return cost
  }

  @Test("The formulas are the sums over steps within a percent")
  func sums() throws {
    var cases = 0
    for model in [KineticsModel.qwen3[0], KineticsModel.qwen3[3], KineticsModel.qwen3[5]] {
      for attention in [
        KineticsAttention.dense, .topK(budget: 256), .topK(budget: 1024), .topK(budget: 1 << 20),
        .blocks(size: 16, count: 32, window: 64),
      ] {
        for (trials, prompt, answer) in [(1, 128, 512), (8, 128, 4096), (32, 2048, 700), (3, 0, 1000)] {
          let load = try KineticsLoad(trials: trials, prompt: prompt, answer: answer)
          let (ours, loop) = (try Kinetics(model, attention: attention).cost(load), summed(model, load, attention))
          #expect(abs(ours.linear / loop.linear - 1) < 1e-12)
          #expect(abs(ours.attention / loop.attention - 1) < 0.01, "\(attention) \(load)")
          #expect(abs(ours.keyValueBytes / loop.keyValueBytes - 1) < 0.01, "\(attention) \(load)")
          cases += 1
        }
      }
    }
    #expect(cases == 60)
  }

  @Test("A budget of the whole context is dense attention, and smaller ones cost less")
  func budgets() throws {
    let model = KineticsModel.qwen3[2]
    let load = try KineticsLoad(prompt: 300, answer: 900)
    let dense = try Kinetics(model).cost(load)
    let whole = try Kinetics(model, attention: .topK(budget: 1200)).cost(load)
    #expect(abs(whole.attention / dense.attention - 1) < 1e-12)
    #expect(abs(whole.keyValueBytes / dense.keyValueBytes - 1) < 1e-12)
    var last = whole
    for budget in [1000, 500, 300, 100, 1] {
      let cost = try Kinetics(model, attention: .topK(budget: budget)).cost(load)
      #expect(cost.attention < last.attention && cost.keyValueBytes < last.keyValueBytes)
      last = cost
    }
  }

  @Test("The sheet's order: from a few thousand tokens on, traffic outweighs the weights of models up to 4B")
  func order() throws {
    for model in KineticsModel.qwen3.prefix(3) {
      for answer in [4096, 16_384, 32_768] {
        let cost = try Kinetics(model).cost(KineticsLoad(trials: 32, prompt: 128, answer: answer))
        #expect(Kinetics.defaultIntensity * cost.keyValueBytes > cost.linear, "\(model.name) \(answer)")
        #expect(cost.attentionShare(intensity: 562.5) > cost.attentionShare(intensity: 0))
      }
    }
    // The whole table: shares rise with the length, and fall with the model's size at equal keys.
    var last = 1.0
    for model in KineticsModel.qwen3[2...3] {
      let share = try Kinetics(model).cost(KineticsLoad(prompt: 128, answer: 4096)).attentionShare(intensity: 562.5)
      #expect(share < last)
      last = share
    }
  }

  @Test("The mean of costs is not the cost of the mean; weights can be priced")
  func means() throws {
    let kinetics = try Kinetics(KineticsModel.qwen3[1])
    let mean = try kinetics.meanCost(trials: 1, prompt: 0, answers: [1000, 3000])
    let ofMean = kinetics.cost(try KineticsLoad(prompt: 0, answer: 2000))
    #expect(mean.linear == ofMean.linear)
    #expect(abs(mean.attention / ofMean.attention - 1.25) < 1e-12)
    let priced = try Kinetics(KineticsModel.qwen3[1], batch: 8).cost(KineticsLoad(prompt: 0, answer: 10))
    #expect(priced.weightBytes == 2 * 2.03e9 * 10 / 8)
    #expect(kinetics.cost(try KineticsLoad(prompt: 0, answer: 10)).weightBytes == 0)
  }

  @Test("Coverage and cost of records, and the frontier by brute force")
  func frontier() throws {
    var random = Random(seed: 31)
    var records: [KineticsRecord] = []
    for (model, chance) in [("Qwen3-0.6B", 0.2), ("Qwen3-4B", 0.5), ("Qwen3-14B", 0.7)] {
      for question in 0..<12 {
        for _ in 0..<8 {
          records.append(
            KineticsRecord(
              model: model, question: "q\(question)", length: 200 + Int(random.uniform() * 4000),
              isCorrect: random.uniform() < chance))
        }
      }
    }
    let law = try KineticsFrontier(
      records, models: KineticsModel.qwen3, trials: [1, 2, 8], lengths: [500, 2000, 8000],
      attentions: [.dense, .topK(budget: 512)])
    #expect(law.settings.count == 3 * 3 * 3 * 2)
    for setting in law.settings where setting.trials == 8 {
      // All eight answers: the share of questions with any right one in time.
      let own = records.filter { $0.model == setting.model }
      let solved = Set(own.filter { $0.isCorrect && $0.length <= setting.length }.map(\.question)).count
      #expect(abs(setting.coverage - Double(solved) / 12) < 1e-12)
    }
    let front = law.frontier
    for setting in law.settings {
      #expect(front.contains { $0.cost <= setting.cost && $0.coverage >= setting.coverage })
    }
    #expect(throws: PlannerError.self) { try KineticsFrontier(records, models: [], lengths: [500]) }
    #expect(throws: PlannerError.self) {
      try KineticsFrontier(records, models: KineticsModel.qwen3, trials: [9], lengths: [500])
    }
    #expect(throws: PlannerError.self) { try KineticsFrontier(records, models: KineticsModel.qwen3, lengths: [0]) }
    let bad = [KineticsRecord(model: "Qwen3-4B", question: "q", length: -5, isCorrect: true)]
    #expect(throws: PlannerError.self) {
      try KineticsFrontier(bad, models: KineticsModel.qwen3, trials: [1], lengths: [500])
    }
  }

  @Test("Loads and budgets that are none are refused")
  func refusals() throws {
    for (trials, prompt, answer) in [(0, 1, 1), (1, -1, 1), (1, 1, 0), (1, 1, Int.max), (Int.max, 1, 1)] {
      #expect(throws: PlannerError.self) { try KineticsLoad(trials: trials, prompt: prompt, answer: answer) }
    }
    for attention in [
      KineticsAttention.topK(budget: 0), .blocks(size: 0, count: 1, window: 0),
      .blocks(size: 1 << 30, count: 1 << 30, window: 0),
      .blocks(size: 1, count: 1, window: -1),
    ] {
      #expect(throws: PlannerError.self) { try Kinetics(KineticsModel.qwen3[0], attention: attention) }
    }
    #expect(throws: PlannerError.self) { try Kinetics(KineticsModel.qwen3[0], batch: 0) }
    #expect(throws: PlannerError.self) {
      try KineticsModel(name: "", parameters: .nan, layers: 1, heads: 1, kvHeads: 1, headDim: 1)
    }
  }
}
