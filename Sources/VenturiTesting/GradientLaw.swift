import NumericTypes
import Tensors

/// The law of everything differentiable: its gradient is what central differences in Double say.
///
/// Over random cases the gradients of Σ c f(x), c random, agree with differences in f64; those of f32 agree with those of f64;
/// the gradient of a combination of gradients agrees with differences of them; and one thread gives the same bits as two.
///
/// ```swift
/// let law = GradientLaw("cubed") { random in
///   GradientCase([random.shape()], &random) { inputs, context in cubed(inputs[0], context) }
/// }
/// #expect(law.violations() == [])
/// ```
public struct GradientLaw {
  /// What is checked.
  public var name: String
  /// Makes a case.
  public var make: (_ random: inout Random) -> GradientCase
  /// The number of cases.
  public var cases = 24
  /// The step of the differences.
  public var epsilon = 1e-6
  /// What a gradient may be off, beside a thousandth of it.
  public var tolerance = 1e-5
  /// Elements of each input that are moved in turn.
  public var elements = 12
  /// The squared error of f32 against f64 that is allowed, relative to the square.
  public var narrowError = 1e-7
  /// Whether derivatives of second order are checked.
  public var isTwice = true

  /// A law from its parts.
  public init(_ name: String, _ make: @escaping (_ random: inout Random) -> GradientCase) {
    self.name = name
    self.make = make
  }

  /// What of the law does not hold.
  public func violations(seed: UInt64 = 1) -> [String] {
    let contexts = [Context(threads: 1), Context(threads: 2)]
    var broken: [String] = []
    for index in 0..<cases {
      var random = Random(seed: seed, stream: UInt64(index))
      let one = make(&random)
      let check = GradientCheck(law: self, one, &random, contexts)
      broken += check.violations().map { "\(name), case \(index), \(one.shapes.map(\.description)): \($0)" }
    }
    return broken
  }
}

/// One case of a ``GradientLaw`` under way.
private struct GradientCheck {
  let law: GradientLaw
  let one: GradientCase
  let contexts: [Context]
  /// The weights of the outputs' elements in the loss.
  let weights: [Double]
  /// The weights of the gradients' elements in their combination.
  let directions: [[Double]]
  /// The elements that are moved.
  let moved: [[Int]]

  init(law: GradientLaw, _ one: GradientCase, _ random: inout Random, _ contexts: [Context]) {
    self.law = law
    self.one = one
    self.contexts = contexts
    let output = one.function(one.tensors(contexts[0], .f64), contexts[0])
    weights = (0..<output.count).map { _ in random.uniform() * 2 - 1 }
    directions = one.shapes.map { shape in (0..<shape.count).map { _ in random.uniform() * 2 - 1 } }
    moved = one.shapes.map { shape in
      shape.count <= law.elements
        ? Array(0..<shape.count) : (0..<law.elements).map { _ in random.integer(0...shape.count - 1) }
    }
  }

  /// Σ c f(x).
  private func loss(_ inputs: [Tensor], _ context: Context) -> Tensor {
    let output = one.function(inputs, context)
    let weights = context.cast(context.doubles(weights, output.shape), to: output.dtype)
    return context.sum(context.multiply(output, weights))
  }

  private func gradients(_ one: GradientCase, _ context: Context, _ dtype: DType) -> (Double, [Tensor]) {
    let (value, gradients) = context.valueAndGradient(of: one.tensors(context, dtype)) { loss($0, context) }
    return (value.doubles(context)[0], gradients)
  }

  /// Σ d ∂L/∂x.
  private func combination(_ gradients: [Tensor], _ context: Context) -> Tensor {
    zip(gradients, directions).reduce(context.zeros([], .f64)) { sum, pair in
      context.add(sum, context.sum(context.multiply(pair.0, context.doubles(pair.1, pair.0.shape))))
    }
  }

  func violations() -> [String] {
    var broken: [String] = []
    let context = contexts[0]
    let (value, found) = gradients(one, context, .f64)
    let plain = loss(one.tensors(context, .f64), context).doubles(context)[0]
    if plain != value && !(plain.isNaN && value.isNaN) {
      broken.append("the value is \(value) when recorded, \(plain) else")
    }
    broken += compare(found, "") { loss($0.tensors(context, .f64), context).doubles(context)[0] }
    for dtype in [DType.f64, .f32] {
      let (first, second) = (gradients(one, contexts[0], dtype), gradients(one, contexts[1], dtype))
      for (index, (a, b)) in zip(first.1, second.1).enumerated()
      where a.doubles(context).map(\.bitPattern) != b.doubles(context).map(\.bitPattern) {
        broken.append("another gradient of input \(index) in \(dtype.displayName) with two threads")
      }
      guard dtype == .f32 else { continue }
      for (index, (a, b)) in zip(first.1, found).enumerated() {
        let (narrow, wide) = (a.doubles(context), b.doubles(context))
        let error = zip(narrow, wide).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let power = wide.reduce(0) { $0 + $1 * $1 }
        if !(error <= law.narrowError * power + 1e-12) {
          broken.append("the gradient of input \(index) in F32 is off by \(error) of \(power)")
        }
      }
    }
    if !law.isTwice { return broken }
    let second = context.gradient(of: one.tensors(context, .f64)) { inputs in
      combination(context.gradient(of: inputs) { loss($0, context) }, context)
    }
    broken += compare(second, " of second order") { moved in
      combination(gradients(moved, context, .f64).1, context).doubles(context)[0]
    }
    return broken
  }

  private func compare(_ found: [Tensor], _ kind: String, _ function: (GradientCase) -> Double) -> [String] {
    var broken: [String] = []
    for (input, gradient) in found.enumerated() {
      if gradient.shape != one.shapes[input] {
        broken.append("a gradient\(kind) of \(gradient.shape) for input \(input)")
      }
      let values = gradient.doubles(contexts[0])
      for element in moved[input] {
        var (up, down) = (one, one)
        up.values[input][element] += law.epsilon
        down.values[input][element] -= law.epsilon
        let difference = (function(up) - function(down)) / (2 * law.epsilon)
        if !(abs(values[element] - difference) <= law.tolerance + 1e-3 * abs(difference)) {
          broken.append(
            "the gradient\(kind) of input \(input) at \(element) is \(values[element]), by differences \(difference)")
        }
      }
    }
    return broken
  }
}

extension Tensor {
  /// The elements as f64, row-major.
  fileprivate func doubles(_ context: Context) -> [Double] {
    let plain = context.contiguous(context.cast(self, to: .f64))
    return withExtendedLifetime(plain) {
      Array(UnsafeBufferPointer(start: plain.pointer(as: Double.self), count: count))
    }
  }
}
