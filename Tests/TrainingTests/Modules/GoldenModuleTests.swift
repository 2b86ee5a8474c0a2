import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

/// Outputs and gradients of PyTorch's layers in float64, from the same f32 weights and inputs.
@Suite("Layers against PyTorch")
struct GoldenModuleTests {
  private static let layers = [
    "dense", "convolution", "batchNorm", "layerNorm", "rmsNorm", "groupNorm", "embedding", "mlp", "gatedMLP",
    "attention", "lstm", "gru",
  ]

  @Test("Outputs, all gradients and running statistics equal the reference, for one thread and two")
  func numbers() throws {
    let cases = try GoldenModule.load()
    let numbers = try GoldenModule.numbers()
    #expect(cases.count >= 32 && Set(cases.map(\.layer)) == Set(Self.layers))
    for threads in [1, 2] {
      let context = Context(threads: threads)
      var at = 0
      for (index, item) in cases.enumerated() {
        try check(item, "\(item.layer), case \(index), \(threads) threads", context) { count in
          defer { at += count }
          return at + count <= numbers.count ? Array(numbers[at..<at + count]) : []
        }
      }
      #expect(at == numbers.count)
    }
  }

  private func check(_ item: GoldenModule, _ name: String, _ context: Context, _ take: (Int) -> [Double]) throws {
    var builder = ModelBuilder(context: context, seed: 1)
    let layer = try #require(item.make(&builder), "\(name)")
    #expect(
      builder.parameters.map { [$0.name: $0.value.shape.dimensions] } == item.weights.map { [$0.name: $0.shape] },
      "\(name)")
    func made(_ number: Int, _ shape: Shape, _ change: (Float) -> Float = { $0 }) -> Tensor {
      context.tensor(OptimizerSample.unit(1_000_000 * (number + 1), shape.count).map(change), shape)
    }
    let weights = builder.parameters.enumerated().map { made($0.offset, $0.element.value.shape) { $0 / 2 } }
    var buffers = builder.buffers.map(\.value)
    if item.layer == "batchNorm" {
      buffers = [made(50, buffers[0].shape) { $0 / 2 }, made(51, buffers[1].shape) { $0 / 2 + 1 }]
    }
    let isIndexed = item.layer == "embedding"
    let shape = Shape(item.input)
    let input =
      isIndexed
      ? context.cast(made(100, shape) { ($0 + 1) / 2 * Float(item.weights[0].shape[0]) }, to: .i64) : made(100, shape)
    let purpose: Pass.Purpose = item.settings.training ?? true ? .training : .evaluation
    var passes: [Pass] = []
    let (_, gradients, output) = context.valueAndGradient(of: weights + (isIndexed ? [] : [input])) { tensors in
      let pass = Pass(purpose, weights: Array(tensors[..<weights.count]), buffers: buffers, context: context)
      passes.append(pass)
      let y = layer(isIndexed ? input : tensors[weights.count], pass)
      return (context.sum(context.multiply(y, made(200, y.shape))), y.detached())
    }
    #expect(output.shape.dimensions == item.output, "\(name)")
    for (number, tensor) in ([context.contiguous(output)] + gradients).enumerated() {
      let error = OptimizerSample.error(tensor.floats, take(tensor.count))
      #expect(error <= 3e-6, "\(name), tensor \(number)")
    }
    let updates = try #require(passes.first).updates
    for (index, buffer) in buffers.enumerated() {
      let error = OptimizerSample.error((updates[index] ?? buffer).floats, take(buffer.count))
      #expect(error <= 1e-6, "\(name), buffer \(index)")
    }
  }
}
