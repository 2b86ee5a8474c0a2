import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Training without backpropagation") struct LocalTrainingTests {
  private struct Parts {
    var training, validation, test: ImageBatch
  }

  private static func digits(_ shape: Shape? = nil) throws -> Parts {
    let table = try KnownTable.digits.read(folder: GoldenFiles.data("digits")).scaled(by: 1.0 / 16)
    let parts = try table.rows(0..<700).split([0.6, 0.2], seed: 1)
    let allocator = Allocator()
    return Parts(
      training: try ImageBatch(parts[0], shape: shape, allocator: allocator),
      validation: try ImageBatch(parts[1], shape: shape, allocator: allocator),
      test: try ImageBatch(parts[2], shape: shape, allocator: allocator))
  }

  private static func outcome(
    _ rule: LearningRule, _ parts: Parts, threads: Int, epochs: Int = 8,
    blocks: [LocalNetworkConfiguration.Block] = [.dense(64), .dense(64)], input: [Int] = [64]
  ) throws -> (LocalTraining.Outcome, [[Float]]) {
    let context = Context(threads: threads)
    let network = try LocalNetwork(
      LocalNetworkConfiguration(input: input, blocks: blocks, classes: 10, rule: rule), seed: 2, context: context)
    var training = LocalTraining()
    training.batch = 32
    training.rate = 3e-3
    training.epochs = epochs
    let outcome = try training(
      network, parts.training, validation: parts.validation, test: parts.test, context: context)
    return (outcome, network.parameters.map(\.value.floats))
  }

  @Test("Each rule learns digits, the same to the bit on 1 and 2 threads", arguments: LearningRule.allCases)
  func learns(_ rule: LearningRule) throws {
    let parts = try Self.digits()
    let (outcome, weights) = try Self.outcome(rule, parts, threads: 2, epochs: rule == .forwardForward ? 30 : 8)
    // Random answers are right in a tenth.
    #expect(outcome.testAccuracy > (rule == .forwardForward ? 0.5 : 0.8), "\(rule): \(outcome)")
    let (again, same) = try Self.outcome(rule, parts, threads: 1, epochs: rule == .forwardForward ? 30 : 8)
    #expect(again.testAccuracy == outcome.testAccuracy && same == weights)
  }

  @Test("Each rule learns with convolutions before linear layers", arguments: LearningRule.allCases)
  func convolutions(_ rule: LearningRule) throws {
    let parts = try Self.digits([1, 8, 8])
    let (outcome, _) = try Self.outcome(
      rule, parts, threads: 2, epochs: 20, blocks: [.convolution(8), .convolution(16), .dense(32)], input: [1, 8, 8])
    #expect(outcome.testAccuracy > (rule == .forwardForward ? 0.3 : 0.6), "\(rule): \(outcome)")
  }

  @Test("Mono-Forward holds one layer's activations where backpropagation holds all")
  func memory() throws {
    let context = Context(threads: 1)
    func held(_ rule: LearningRule, layers: Int) throws -> Int {
      let network = try LocalNetwork(
        LocalNetworkConfiguration(
          input: [64], blocks: [LocalNetworkConfiguration.Block](repeating: .dense(64), count: layers), classes: 10,
          rule: rule), seed: 0, context: context)
      let step = try LocalStep(network, rule: AdamW(), context: context)
      let batch = ImageBatch(images: context.full([256, 64], 0.5), labels: (0..<256).map { $0 % 10 })
      _ = try step(batch, rate: 1e-3)
      return step.activationBytes
    }
    let (mono, monoDeep) = (try held(.monoForward, layers: 3), try held(.monoForward, layers: 12))
    let (back, backDeep) = (try held(.backpropagation, layers: 3), try held(.backpropagation, layers: 12))
    #expect(monoDeep == mono)
    #expect(backDeep > 3 * back)
    #expect(Double(monoDeep) < 0.3 * Double(backDeep))
  }

  @Test("A step of the trainer's own kind and one that updates each stage at once end at the same weights")
  func steps() throws {
    let context = Context(threads: 2)
    let batch = ImageBatch(images: context.full([8, 12], 0.25), labels: [0, 1, 2, 3, 0, 1, 2, 3])
    func made() throws -> LocalNetwork {
      try LocalNetwork(
        LocalNetworkConfiguration(input: [12], blocks: [.dense(9), .dense(7)], classes: 4, rule: .monoForward), seed: 4,
        context: context)
    }
    let (first, second) = (try made(), try made())
    let optimizer = try GroupOptimizer(first.trained, rule: AdamW(), context: context)
    var whole = try TrainingStep(first, optimizer, context: context)
    let staged = try LocalStep(second, rule: AdamW(), context: context)
    for _ in 0..<5 {
      let loss = try whole([batch], rate: 1e-2).loss
      let losses = try staged(batch, rate: 1e-2)
      #expect(abs(loss - losses.reduce(0, +)) < 1e-5)
    }
    for (a, b) in zip(first.parameters, second.parameters) { #expect(a.value.floats == b.value.floats) }
  }
}
