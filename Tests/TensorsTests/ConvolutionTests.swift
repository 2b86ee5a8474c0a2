import NumericTypes
import Tensors
import Testing
import VenturiTesting

@Suite("Convolution and pooling")
struct ConvolutionTests {
  /// A problem: extents, kernel, steps, spread, margins, channels and groups.
  struct Problem: Sendable, CustomStringConvertible {
    var images = 1
    var extents = [1, 9, 11]
    var window = Window()
    var inputs = 4
    var outputs = 6
    var groups = 1
    var description: String {
      "\(images)x\(inputs)->\(outputs) \(extents) \(window.kernel) \(window.strides) / \(groups)"
    }
  }

  private static func window(
    _ kernel: [Int], strides: [Int] = [1, 1, 1], dilations: [Int] = [1, 1, 1], before: [Int] = [0, 0, 0],
    after: [Int] = [0, 0, 0]
  ) -> Window {
    var window = Window(kernel: kernel)
    window.strides = strides
    window.dilations = dilations
    window.before = before
    window.after = after
    return window
  }

  static let problems: [Problem] = [
    Problem(window: window([1, 1, 1])),
    Problem(window: window([1, 3, 3], before: [0, 1, 1], after: [0, 1, 1])),
    Problem(images: 2, window: window([1, 3, 3], strides: [1, 2, 2], before: [0, 1, 0], after: [0, 0, 1])),
    Problem(window: window([1, 3, 2], dilations: [1, 2, 3], before: [0, 2, 3], after: [0, 1, 1])),
    Problem(
      extents: [5, 6, 7], window: window([2, 3, 3], strides: [2, 1, 2], before: [1, 1, 1], after: [0, 1, 0])),
    Problem(
      extents: [1, 1, 40], window: window([1, 1, 5], strides: [1, 1, 3], before: [0, 0, 4], after: [0, 0, 2])),
    Problem(window: window([1, 3, 3]), inputs: 6, outputs: 6, groups: 6),
    Problem(window: window([1, 3, 3]), inputs: 6, outputs: 4, groups: 2),
    Problem(
      extents: [1, 30, 31], window: window([1, 7, 7], strides: [1, 2, 2], before: [0, 3, 3], after: [0, 3, 3]),
      inputs: 3, outputs: 20),
    Problem(
      extents: [1, 14, 14], window: window([1, 3, 3], before: [0, 1, 1], after: [0, 1, 1]), inputs: 130, outputs: 33),
    Problem(extents: [1, 2, 2], window: window([1, 5, 5])),
    Problem(extents: [1, 0, 4], window: window([1, 1, 1])),
  ]

  private func values(_ count: Int, seed: UInt64) -> [Float] {
    var random = Random(seed: seed)
    return (0..<count).map { _ in Float(random.uniform() * 2 - 1) }
  }

  /// Every place that an output reads: `body(kernel element, place in the plane)`.
  private func taps(_ problem: Problem, _ output: Int, _ outputs: [Int], _ body: (Int, Int) -> Void) {
    let window = problem.window
    let corner = [output / (outputs[1] * outputs[2]), output / outputs[2] % outputs[1], output % outputs[2]]
    for tap in 0..<window.taps {
      let at = [
        tap / (window.kernel[1] * window.kernel[2]), tap / window.kernel[2] % window.kernel[1], tap % window.kernel[2],
      ]
      let place = (0..<3).map { corner[$0] * window.strides[$0] - window.before[$0] + at[$0] * window.dilations[$0] }
      guard (0..<3).allSatisfy({ place[$0] >= 0 && place[$0] < problem.extents[$0] }) else { continue }
      body(tap, (place[0] * problem.extents[1] + place[1]) * problem.extents[2] + place[2])
    }
  }

  @Test(
    "Convolution agrees with sums in double precision, and has the same bits for any threads and by the scalar twins",
    arguments: problems)
  func convolution(_ problem: Problem) {
    let volume = problem.extents.reduce(1, *)
    let each = problem.inputs / problem.groups
    let window = problem.window
    let outputs = (0..<3).map { window.outputs(problem.extents[$0], axis: $0) }
    let x = values(problem.images * problem.inputs * volume, seed: 1)
    let w = values(problem.outputs * each * window.taps, seed: 2)
    let bias = values(problem.outputs, seed: 3)
    let contexts = [1, 2, 3].map { Context(threads: $0) } + [Context(threads: 2, kernels: .reference)]
    let results = contexts.map { context in
      context.convolution(
        context.tensor(x, Shape([problem.images, problem.inputs] + problem.extents)),
        context.tensor(w, Shape([problem.outputs, each] + window.kernel)), bias: context.tensor(bias), window: window,
        groups: problem.groups)
    }
    let points = outputs.reduce(1, *)
    #expect(results[0].shape.dimensions == [problem.images, problem.outputs] + outputs)
    for result in results.dropFirst() {
      #expect(numbers(result).map(\.bitPattern) == numbers(results[0]).map(\.bitPattern))
    }
    let found = numbers(results[0])
    var worst = 0.0
    for image in 0..<problem.images {
      for m in 0..<problem.outputs {
        let group = m / (problem.outputs / problem.groups)
        for o in 0..<points {
          var sum = Double(bias[m])
          taps(problem, o, outputs) { tap, place in
            for c in 0..<each {
              sum +=
                Double(x[(image * problem.inputs + group * each + c) * volume + place])
                * Double(w[(m * each + c) * window.taps + tap])
            }
          }
          worst = max(worst, abs(sum - Double(found[(image * problem.outputs + m) * points + o])))
        }
      }
    }
    #expect(worst < 2e-5 * Double(each * window.taps).squareRoot())
  }

  @Test("Poolings agree with what a window holds", arguments: problems, [false, true])
  func pooling(_ problem: Problem, roundsUp: Bool) {
    let context = Context(threads: 2)
    let volume = problem.extents.reduce(1, *)
    let window = problem.window
    let outputs = (0..<3).map { window.outputs(problem.extents[$0], axis: $0, roundsUp: roundsUp) }
    let x = values(problem.inputs * volume, seed: 4)
    let image = context.tensor(x, Shape([1, problem.inputs] + problem.extents))
    let largest = numbers(context.maxPool(image, window: window, outputs: outputs))
    let places = context.maxPoolPlaces(image, window: window, outputs: outputs)
    let whole = numbers(context.averagePool(image, window: window, outputs: outputs, countsMargin: true))
    let mean = numbers(context.averagePool(image, window: window, outputs: outputs))
    let points = outputs.reduce(1, *)
    for item in 0..<problem.inputs * points {
      let plane = item / points * volume
      var (best, sum, count) = (-Float.infinity, 0.0, 0)
      taps(problem, item % points, outputs) { _, place in
        best = max(best, x[plane + place])
        sum += Double(x[plane + place])
        count += 1
      }
      #expect(largest[item] == best)
      let place = withExtendedLifetime(places) { places.pointer(as: Int64.self)[item] }
      #expect(count == 0 ? place == -1 : x[plane + Int(place)] == best)
      if count > 0 { #expect(abs(Double(mean[item]) - sum / Double(count)) < 1e-5) }
      // With its margins a window that fits counts wholly.
      if !roundsUp { #expect(abs(Double(whole[item]) - sum / Double(window.taps)) < 1e-5) }
    }
  }

  private func numbers(_ x: Tensor) -> [Float] {
    withExtendedLifetime(x) { (0..<x.count).map { x.pointer(as: Float.self)[$0] } }
  }

  /// Extents beyond a block of the kernels, small images of which several are multiplied at once, and rows that are not whole.
  @Test(
    "The gradients of large convolutions are those of double precision",
    arguments: [
      (images: 3, inputs: 70, outputs: 41, side: 21, kernel: 3, stride: 1, groups: 1),
      (images: 5, inputs: 66, outputs: 130, side: 14, kernel: 3, stride: 2, groups: 2),
      (images: 19, inputs: 130, outputs: 70, side: 4, kernel: 3, stride: 1, groups: 1),
      (images: 13, inputs: 60, outputs: 36, side: 7, kernel: 3, stride: 1, groups: 3),
      (images: 9, inputs: 65, outputs: 33, side: 8, kernel: 1, stride: 2, groups: 1),
      (images: 11, inputs: 40, outputs: 24, side: 5, kernel: 1, stride: 1, groups: 2),
      (images: 1, inputs: 2, outputs: 3, side: 600, kernel: 5, stride: 1, groups: 1),
      (images: 2, inputs: 20, outputs: 17, side: 11, kernel: 5, stride: 3, groups: 1),
      (images: 3, inputs: 4, outputs: 8, side: 70, kernel: 3, stride: 2, groups: 2),
    ])
  func largeGradients(
    _ one: (images: Int, inputs: Int, outputs: Int, side: Int, kernel: Int, stride: Int, groups: Int)
  ) {
    var window = Window(kernel: [1, one.kernel, one.kernel])
    window.strides = [1, one.stride, one.stride]
    window.before = [0, one.kernel / 2, one.kernel / 2]
    window.after = window.before
    func gradients(_ dtype: DType, threads: Int, _ kernels: KernelSet = .preferred) -> [[Float]] {
      let context = Context(threads: threads, kernels: kernels)
      var random = Random(seed: 4)
      func made(_ shape: Shape) -> Tensor {
        context.cast(context.uniform(shape, low: -1, high: 1, random: &random), to: dtype)
      }
      let height = one.side > 100 ? 3 : one.side
      let x = made([one.images, one.inputs, 1, height, one.side])
      let w = made([one.outputs, one.inputs / one.groups, 1, one.kernel, one.kernel])
      let y = context.convolution(x, w, window: window, groups: one.groups)
      let c = made(y.shape)
      let (_, found, output) = context.valueAndGradient(of: [x, w]) { parts in
        let y = context.convolution(parts[0], parts[1], window: window, groups: one.groups)
        return (context.sum(context.multiply(y, c)), y.detached())
      }
      return ([output] + found).map { context.contiguous(context.cast($0, to: .f32)).floats }
    }
    let exact = gradients(.f64, threads: 2)
    let (found, other) = (gradients(.f32, threads: 1), gradients(.f32, threads: 2))
    for (index, (f, e)) in zip(found, exact).enumerated() {
      let error = zip(f, e).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
      let power = e.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(f.count == e.count && error <= 1e-11 * power, "tensor \(index): \(error) of \(power)")
    }
    #expect(found.map { $0.map(\.bitPattern) } == other.map { $0.map(\.bitPattern) })
    if one.images < 4 {
      let twin = gradients(.f32, threads: 1, .reference)
      #expect(found.map { $0.map(\.bitPattern) } == twin.map { $0.map(\.bitPattern) })
    }
  }

  /// A step that reaches over elements, margins wider than a kernel reaches, and spread kernels in steps.
  @Test(
    "The gradients of unusual windows are those of double precision",
    arguments: [
      window([1, 1, 2], strides: [1, 1, 4], before: [0, 0, 1], after: [0, 0, 0]),
      window([1, 2, 2], strides: [1, 3, 2], before: [0, 2, 0], after: [0, 3, 5]),
      window([1, 3, 3], strides: [1, 2, 2], dilations: [1, 2, 2], before: [0, 2, 2], after: [0, 2, 2]),
      window([2, 2, 2], strides: [2, 1, 2], before: [1, 0, 1], after: [0, 1, 1]),
      window([1, 2, 2], before: [0, 3, 2], after: [0, 1, 2]),
    ])
  func unusualGradients(_ window: Window) {
    func gradients(_ dtype: DType, _ context: Context) -> [Tensor] {
      var random = Random(seed: 6)
      func made(_ shape: Shape) -> Tensor {
        context.cast(context.uniform(shape, low: -1, high: 1, random: &random), to: dtype)
      }
      let (x, w) = (made([2, 3, 4, 9, 13]), made(Shape([5, 3] + window.kernel)))
      let c = made(context.convolution(x, w, window: window).shape)
      return context.gradient(of: [x, w]) {
        context.sum(context.multiply(context.convolution($0[0], $0[1], window: window), c))
      }
    }
    let context = Context(threads: 2)
    for (found, exact) in zip(gradients(.f32, context), gradients(.f64, context)) {
      #expect(normalizedError(found.doubles(context), exact.doubles(context)) < 1e-11)
    }
  }
}
