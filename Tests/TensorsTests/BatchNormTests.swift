import NumericTypes
import Tensors
import Testing

/// The norm over a batch and its way back, by every set of kernels.
@Suite("Batch norm") struct BatchNormTests {
  private struct Results {
    var output: Tensor
    var mean: Tensor
    var variance: Tensor
    var gradients: [Tensor]

    func bits(_ context: Context) -> [[UInt8]] { ([output, mean, variance] + gradients).map { $0.bits(context) } }
  }

  private func run(
    _ shape: Shape, adds: Bool, isRectified: Bool, _ dtype: DType, _ context: Context
  ) -> Results {
    var numbers = Numbers()
    let channels = shape[1]
    // Far from 0, where sums of squares would lose what deviations keep.
    let x = context.add(numbers.tensor(shape, context, dtype), context.full([], 30, dtype))
    let (w, b) = (numbers.tensor([channels], context, dtype), numbers.tensor([channels], context, dtype))
    let parts = [x, w, b] + (adds ? [numbers.tensor(shape, context, dtype)] : [])
    let c = numbers.tensor(shape, context, dtype)
    let (_, gradients, made) = context.valueAndGradient(of: parts) { parts in
      let (y, statistics) = context.batchNorm(
        parts[0], weight: parts[1], bias: parts[2], adding: adds ? parts[3] : nil, isRectified: isRectified)
      return (context.sum(context.multiply(y, c)), (y.detached(), statistics))
    }
    return Results(output: made.0, mean: made.1.mean, variance: made.1.variance, gradients: gradients)
  }

  @Test(
    "All kernels give the same bits for any threads, close to double precision",
    arguments: [[3, 2], [2, 3, 1], [4, 5, 7], [3, 4, 8], [5, 3, 33], [2, 9, 14, 14], [7, 2, 28, 28]])
  func agrees(_ extents: [Int]) {
    let contexts = [
      Context(threads: 1), Context(threads: 2), Context(threads: 1, kernels: .reference),
    ]
    for (adds, isRectified) in [(false, false), (false, true), (true, false), (true, true)] {
      let all = contexts.map { run(Shape(extents), adds: adds, isRectified: isRectified, .f32, $0).bits($0) }
      #expect(all[1] == all[0], "threads, \(adds) \(isRectified)")
      #expect(all[2] == all[0], "scalar twin, \(adds) \(isRectified)")
      let context = contexts[1]
      let found = run(Shape(extents), adds: adds, isRectified: isRectified, .f32, context)
      let exact = run(Shape(extents), adds: adds, isRectified: isRectified, .f64, context)
      #expect(found.gradients.count == (adds ? 4 : 3))
      let pairs = zip(
        [found.output, found.mean, found.variance] + found.gradients.dropFirst(),
        [exact.output, exact.mean, exact.variance] + exact.gradients.dropFirst())
      for (index, (f, e)) in pairs.enumerated() {
        let error = normalizedError(f.doubles(context), e.doubles(context))
        #expect(error < 1e-9, "tensor \(index) of \(extents), \(adds) \(isRectified): \(error)")
      }
      // What is left of a channel of two elements is all but nothing.
      if extents[0] * extents.dropFirst(2).reduce(1, *) > 3 {
        #expect(normalizedError(found.gradients[0].doubles(context), exact.gradients[0].doubles(context)) < 1e-8)
      }
    }
  }

  @Test("NaN stays NaN behind the rectifier") func nan() {
    let context = Context(threads: 1)
    let x = context.tensor([1, 2, .nan, 3], [2, 2])
    let y = context.batchNorm(x, weight: context.tensor([1, 1]), bias: context.tensor([0, 0]), isRectified: true).output
    #expect(y.doubles(context).map(\.isNaN) == [true, false, true, false])
  }
}
