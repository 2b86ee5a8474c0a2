import NumericTypes
import Tensors
import Testing
import Training

@Suite("Ladder side-tuning")
struct LadderTests {
  private static func adapter(every: Int = 1, firstBlock: Int = 0) -> AdapterConfiguration {
    AdapterConfiguration(.ladder(width: 4, every: every), firstBlock: firstBlock)
  }

  /// The bytes that are held when the way back begins.
  private func kept(_ adapter: AdapterConfiguration) throws -> Int {
    let sample = try AdapterSample([adapter])
    let (batch, context) = (try AdapterSample.batch(rows: 24), sample.context)
    let start = context.allocator.liveBytes
    var bytes = 0
    _ = try context.valueAndGradient(of: sample.model.parameters.map(\.value)) { weights in
      let loss = try sample.model.loss(of: batch, Pass(.training, weights: weights, buffers: [], context: context))
      bytes = context.allocator.liveBytes - start
      return loss
    }
    return bytes
  }

  @Test("The model's blocks keep nothing: less than half of what LoRA's way back needs") func memory() throws {
    let (ladder, lora) = (try kept(Self.adapter()), try kept(AdapterConfiguration(.lora(rank: 2, alpha: 2))))
    #expect(2 * ladder < lora, "\(ladder) of \(lora)")
    #expect(try kept(Self.adapter(every: 2)) < ladder && kept(Self.adapter(firstBlock: 1)) < ladder)
  }

  @Test("Gradients are those of differences") func gradients() throws {
    let (batch, context) = (try AdapterSample.batch(), Context(threads: 1))
    let sample = try AdapterSample([Self.adapter()])
    sample.disturb()
    let weights = sample.model.parameters.map { context.copy($0.value) }
    func loss(_ weights: [Tensor]) throws -> Tensor {
      try sample.model.loss(of: batch, Pass(.training, weights: weights, buffers: [], context: context))
    }
    let (_, gradients) = try context.valueAndGradient(of: weights) { try loss($0) }
    for (index, parameter) in sample.model.parameters.enumerated() {
      // Along the gradient, where the difference is largest; the numbers are f32.
      let g = gradients[index].floats
      let length = g.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(length > 0, "\(parameter.name)")
      func moved(_ step: Float) throws -> Double {
        var changed = weights
        changed[index] = context.add(
          weights[index], context.multiply(gradients[index], Double(step / max(length, 1e-12))))
        return Double(try loss(changed).floats[0])
      }
      let found = (try moved(1e-2) - moved(-1e-2)) / 2e-2
      #expect(abs(found - Double(length)) < 2e-2 * Double(length) + 1e-4, "\(parameter.name): \(found), \(length)")
    }
  }

  @Test("As many numbers are trained as the side has") func count() throws {
    func expect(_ every: Int, _ firstBlock: Int, _ rungs: Int) throws {
      let model = try AdapterSample([Self.adapter(every: every, firstBlock: firstBlock)]).model
      let hidden = Int((Double(model.base.configuration.hidden) / 4).rounded())
      // Each rung: the gate, the way in, four matrices of attention, three of the feed-forward, two norms.
      let rung = 1 + 16 * 4 + 4 * 16 + 3 * 4 * hidden + 2 * 4
      #expect(model.trainableCount == 16 * 4 + rungs * rung + 4 + 4 * 16)
    }
    try expect(1, 0, 2)
    try expect(2, 0, 1)
    try expect(1, 1, 1)
  }

  @Test("An odd width, no rungs, and merging are refused") func refused() throws {
    func expect(_ field: String, _ adapter: AdapterConfiguration) {
      #expect { try AdapterSample([adapter]) } throws: { "\($0)".contains(field) }
    }
    expect("peft.width", AdapterConfiguration(.ladder(width: 3)))
    expect("peft.width", AdapterConfiguration(.ladder(width: 0)))
    expect("peft.every", AdapterConfiguration(.ladder(width: 4, every: 3)))
    let sample = try AdapterSample([Self.adapter()])
    #expect { try sample.model.merged(sample.context) } throws: { "\($0)".contains("ladder") }
  }
}
