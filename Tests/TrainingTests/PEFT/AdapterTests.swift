import NumericTypes
import Tensors
import Testing
import Text
import Training
import VenturiTesting

@Suite("Adapters")
struct AdapterTests {
  private func largest(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test("Fresh adapters change no logit; prefixes and prompts none where they are empty", arguments: [true, false])
  func beginning(isLlama: Bool) throws {
    let batch = try AdapterSample.batch()
    for adapter in AdapterSample.methods {
      var adapter = adapter
      switch adapter.method {
      case .prefix: adapter.method = .prefix(count: 0)
      case .prompt: adapter.method = .prompt(count: 0)
      default: break
      }
      if !isLlama { adapter.targets.remove(.gate) }
      let sample = try AdapterSample([adapter], isLlama: isLlama)
      let (plain, adapted) = (try sample.logits(batch, of: sample.base), try sample.logits(batch))
      #expect(plain == adapted && plain.contains { abs($0) > 0.1 }, "\(adapter.method)")
    }
  }

  @Test("Training lowers the loss, to the same bits with one thread and two, and leaves the frozen model as it was")
  func training() throws {
    let batch = try AdapterSample.batch()
    var combined = AdapterConfiguration.mam(prefix: 2, width: 4)
    combined.append(AdapterConfiguration(.lora(rank: 2, alpha: 4), targets: [.query, .value]))
    for adapters in AdapterSample.methods.map({ [$0] }) + [combined] {
      let name = "\(adapters.map(\.method))"
      let sample = try AdapterSample(adapters)
      let before = sample.model.base.parameters.map(\.value.floats)
      let found = try sample.train(steps: 12, batch: batch)
      let other = try AdapterSample(adapters, threads: 1).train(steps: 12, batch: batch)
      #expect(found.losses[11] < 0.97 * found.losses[0], "\(name): \(found.losses)")
      #expect(found.losses.map(\.bitPattern) == other.losses.map(\.bitPattern), "\(name)")
      #expect(found.weights.map { $0.map(\.bitPattern) } == other.weights.map { $0.map(\.bitPattern) }, "\(name)")
      #expect(sample.model.base.parameters.map(\.value.floats) == before, "\(name)")
      #expect(Set(sample.model.parameters.map(\.name)).isDisjoint(with: sample.base.parameters.map(\.name)), "\(name)")
    }
  }

  @Test("A merged model is the adapted one, and what is taken back is the frozen one", arguments: [true, false])
  func merging(isLlama: Bool) throws {
    let batch = try AdapterSample.batch()
    var all = AdapterSample.methods.filter(\.method.isMergeable).map { [$0] }
    all.append([
      AdapterConfiguration(.ia3), AdapterConfiguration(.lora(rank: 2, alpha: 4)), AdapterConfiguration(.ssf),
    ])
    for var adapters in all {
      if !isLlama { for index in adapters.indices { adapters[index].targets.remove(.gate) } }
      let name = "\(adapters.map(\.method))"
      let sample = try AdapterSample(adapters, isLlama: isLlama)
      let before = try sample.logits(batch)
      sample.disturb()
      let adapted = try sample.logits(batch)
      let merged = try sample.model.merged(sample.context)
      let scale = adapted.map(abs).max() ?? 0
      #expect(largest(adapted, before) > 1e-2 * scale, "\(name)")
      #expect(largest(try sample.logits(batch, of: merged), adapted) <= 1e-5 * scale, "\(name)")
      let back = try sample.model.unmerged(merged, sample.context)
      #expect(back.parameters.map(\.name) == sample.base.parameters.map(\.name), "\(name)")
      for (found, expected) in zip(back.parameters, sample.base.parameters) {
        let magnitude = max(1, expected.value.floats.map(abs).max() ?? 0)
        #expect(
          largest(found.value.floats, expected.value.floats) <= 1e-6 * magnitude, "\(name), \(found.name)")
      }
    }
  }

  @Test("What stands in no weight is not merged, nor taken back through a factor of 0") func unmergeable() throws {
    for adapter in AdapterSample.methods where !adapter.method.isMergeable {
      let sample = try AdapterSample([adapter])
      #expect { try sample.model.merged(sample.context) } throws: { "\($0)".contains(adapter.method.name) }
    }
    let sample = try AdapterSample([AdapterConfiguration(.ia3)])
    sample.model.parameters[0].value.pointer(as: Float.self)[0] = 0
    let merged = try sample.model.merged(sample.context)
    #expect(throws: TrainingError.self) { try sample.model.unmerged(merged, sample.context) }
  }

  @Test("As many numbers are trained as the methods' formulas say") func counts() throws {
    // Of the sample: two layers of width 16, 16 queries, 8 keys and values, a feed-forward of 64.
    let hidden = try AdapterSample([AdapterConfiguration(.bitFit)]).base.configuration.hidden
    let sides = [(16, 16), (8, 16), (8, 16), (16, 16), (hidden, 16), (hidden, 16), (16, hidden)]
    let outs = sides.reduce(0) { $0 + $1.0 }
    func expect(_ method: AdapterConfiguration.Method, _ count: Int) throws {
      #expect(try AdapterSample([AdapterConfiguration(method)]).model.trainableCount == 2 * count, "\(method)")
    }
    try expect(.lora(rank: 3, alpha: 1), sides.reduce(0) { $0 + 3 * ($1.0 + $1.1) })
    try expect(.dora(rank: 3, alpha: 1), sides.reduce(0) { $0 + 3 * ($1.0 + $1.1) + $1.0 })
    try expect(.vera(rank: 24), outs + 24 * sides.count)
    try expect(.ia3, 8 + 8 + hidden)
    try expect(.bitFit, outs)
    try expect(.ssf, 2 * outs + 2 * 2 * 16)
    try expect(.serial(width: 5), 2 * (16 * 5 + 5 + 5 * 16 + 16))
    try expect(.parallel(width: 5), 16 * 5 + 5 + 5 * 16 + 16)
    try expect(.prefix(count: 3), 2 * 3 * 8)
    #expect(try AdapterSample([AdapterConfiguration(.prompt(count: 4))]).model.trainableCount == 4 * 16)
  }

  @Test("Settings that do not fit the model are refused with the field's name") func refusals() throws {
    func refused(_ field: String, _ adapters: AdapterConfiguration...) {
      #expect { try AdapterSample(adapters) } throws: { error in
        guard case TrainingError.invalidOption(let found, _, _) = error else { return false }
        return found == field
      }
    }
    refused("peft.rank", AdapterConfiguration(.lora(rank: 9, alpha: 1)))
    refused("peft.rank", AdapterConfiguration(.lora(rank: 0, alpha: 1)))
    refused("peft.alpha", AdapterConfiguration(.lora(rank: 2, alpha: .nan)))
    refused("peft.dropout", AdapterConfiguration(.lora(rank: 2, alpha: 1, dropout: 1)))
    refused("peft.firstLayer", AdapterConfiguration(.bitFit, firstBlock: 2))
    refused("peft.count", AdapterConfiguration(.prompt(count: 16)))
    refused("peft.targets", AdapterConfiguration(.ia3, targets: [.query]))
    refused("peft.targets", AdapterConfiguration(.bitFit, targets: []))
    refused("peft.finalRank", AdapterConfiguration(.adaLoRA(AdaLoRABudget(rank: 2, finalRank: 3, steps: 9), alpha: 1)))
    refused("peft.method", AdapterConfiguration(.bitFit), AdapterConfiguration(.bitFit))
    #expect { try AdapterSample([AdapterConfiguration(.bitFit)], isLlama: false) } throws: {
      "\($0)".contains("gate_proj")
    }
    let prompted = try AdapterSample([AdapterConfiguration(.prompt(count: 5))])
    // 12 tokens and 5 of the prompt are more than 16.
    #expect(throws: DataError.self) { try prompted.logits(AdapterSample.batch()) }
    let led = try AdapterSample([AdapterConfiguration(.prefix(count: 2))])
    #expect(throws: DataError.self) { try led.logits(SampleModels.tokens(packed: true)) }
  }

  @Test("Blocks below the first adapter keep nothing for the way back") func memory() throws {
    func kept(_ firstBlock: Int) throws -> Int {
      let sample = try AdapterSample([AdapterConfiguration(.lora(rank: 2, alpha: 2), firstBlock: firstBlock)])
      let (batch, context) = (try AdapterSample.batch(rows: 24), sample.context)
      let start = context.allocator.liveBytes
      var bytes = 0
      _ = try context.valueAndGradient(of: sample.model.parameters.map(\.value)) { weights in
        let pass = Pass(.training, weights: weights, buffers: [], context: context)
        let loss = try sample.model.loss(of: batch, pass)
        bytes = context.allocator.liveBytes - start
        return loss
      }
      return bytes
    }
    let (all, upper) = (try kept(0), try kept(1))
    #expect(Double(upper) < 0.62 * Double(all), "\(upper) of \(all)")
  }

  @Test("LoRA's B has a rate of its own in LoRA+") func rates() throws {
    let sample = try AdapterSample([AdapterConfiguration(.lora(rank: 2, alpha: 2, rateFactor: 16))])
    let groups = sample.model.parameterGroups(rule: SGD())
    #expect(groups.map(\.rateScale) == [1, 16] && groups.map(\.parameters.count) == [14, 14])
    #expect(groups[1].parameters.allSatisfy { $0.name.hasSuffix("lora_B") })
  }
}
