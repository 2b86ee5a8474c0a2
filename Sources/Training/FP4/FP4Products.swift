import Formats
import NumericTypes
import Tensors

/// Elucidating the Design Space of FP4 training, 2025, arXiv 2509.17791: all three products of a layer with operands that
/// 4-bit floats can hold, simulated in f32.
///
/// Each operand is rounded along the axis that its product sums over, so that inputs, weights and gradients are rounded
/// twice in different blocks. Sums, biases, the optimizer and its weights are f32. In evaluation operands are rounded to
/// the nearest. Chance depends on the pass' seed and batch, the layer's name and an element's place, not on threads.
public final class FP4Products: ProductRule {
  /// How.
  public let recipe: FP4Recipe
  private let streams: [UInt64?]

  private enum Operand: UInt64 { case x, w, gradientForInput, wForInput, gradientForWeight, xForWeight }

  /// A rule for the layers over `parameters`.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(_ parameters: [Parameter], _ recipe: FP4Recipe) throws(DataError) {
    try recipe.validate()
    self.recipe = recipe
    streams = parameters.map { parameter in
      recipe.exactLayers.contains { parameter.name.contains($0) }
        ? nil : ModelBuilder.stream(of: "fp4/\(parameter.name)")
    }
  }

  /// x Wᵀ of the rounded operands.
  public func product(_ x: Tensor, by weight: Weight, _ pass: Pass) -> Tensor? {
    guard x.dtype == .f32, let stream = streams[weight.index] else { return nil }
    let side = Side(recipe, pass, stream)
    let w = pass[weight]
    let (input, matrix) = (x.detached(), w.detached())
    return pass.context.differentiable([x, w]) {
      side.forward(input, matrix)
    } backward: { call in
      [
        call.wants(0) ? side.inputGradient(call.gradient.detached(), input, matrix) : nil,
        call.wants(1)
          ? side.context.cast(side.weightGradient(call.gradient.detached(), input, matrix), to: w.dtype) : nil,
      ]
    }
  }

  /// A layer's products in one pass.
  private struct Side {
    let recipe: FP4Recipe
    let context: Context
    let isTraining: Bool
    let seed: UInt64
    let stream: UInt64

    init(_ recipe: FP4Recipe, _ pass: Pass, _ stream: UInt64) {
      self.recipe = recipe
      context = pass.context
      isTraining = pass.isTraining
      seed = pass.batchSeed
      self.stream = stream
    }

    private func chance(_ operand: Operand) -> FP4Quantizer.Chance {
      .init(seed: seed, stream: stream &+ operand.rawValue)
    }

    private func quantizer(_ rounding: FP4Quantizer.Rounding) -> FP4Quantizer {
      var format = recipe.format
      if !isTraining, format.scaleRounding == .stochastic { format.scaleRounding = .standard }
      return FP4Quantizer(format, rounding: isTraining ? rounding : .nearest)
    }

    /// How the operands of a product are turned.
    private func hadamard(_ product: FP4Recipe.Turned) -> Hadamard? {
      guard recipe.turned.contains(product) else { return nil }
      // The block was proven by the recipe.
      return try? Hadamard(
        block: recipe.hadamardBlock,
        chance: .init(
          seed: recipe.redrawsSigns && isTraining ? seed : 0, stream: stream &+ 16 &+ UInt64(product.rawValue)))
    }

    private func turned(_ x: Tensor, _ product: FP4Recipe.Turned) -> Tensor {
      hadamard(product)?.turned(x, context) ?? context.contiguous(x)
    }

    private func operand(
      _ x: Tensor, _ operand: Operand, _ rounding: FP4Quantizer.Rounding, _ product: FP4Recipe.Turned
    ) -> Tensor {
      quantizer(rounding).rounded(turned(x, product), context, chance: chance(operand))
    }

    func forward(_ x: Tensor, _ w: Tensor) -> Tensor {
      let w = context.cast(w, to: .f32)
      let weights = operand(w, .w, recipe.weights, .forward)
      guard recipe.outliers > 0 else {
        return context.matmul(operand(x, .x, recipe.activations, .forward), weights.transposed())
      }
      let (inner, outer) = context.clamped(x, outliers: recipe.outliers)
      let y = context.matmul(operand(inner, .x, recipe.activations, .forward), weights.transposed())
      return context.add(y, context.matmul(outer, w.transposed()))
    }

    func inputGradient(_ gradient: Tensor, _ x: Tensor, _ w: Tensor) -> Tensor {
      let w = context.cast(w, to: .f32)
      let g = operand(scaled(gradient), .gradientForInput, recipe.gradients, .inputGradient)
      let matrix = operand(w.transposed(), .wForInput, recipe.weights, .inputGradient)
      let found = unscaled(context.matmul(g, matrix.transposed()))
      return through(found, x, .x, recipe.activations)
    }

    func weightGradient(_ gradient: Tensor, _ x: Tensor, _ w: Tensor) -> Tensor {
      let g = operand(scaled(gradient).transposed(), .gradientForWeight, recipe.gradients, .weightGradient)
      let input = operand(x.transposed(), .xForWeight, recipe.activations, .weightGradient)
      let found = unscaled(context.matmul(g, input.transposed()))
      return through(found, context.cast(w, to: .f32), .w, recipe.weights)
    }

    private func scaled(_ x: Tensor) -> Tensor {
      recipe.lossScale == 1 ? x : context.multiply(x, Double(recipe.lossScale))
    }

    private func unscaled(_ x: Tensor) -> Tensor {
      recipe.lossScale == 1 ? x : context.multiply(x, 1 / Double(recipe.lossScale))
    }

    /// The gradient of a rounded operand of the forward product, taken back through its rounding.
    private func through(
      _ gradient: Tensor, _ x: Tensor, _ operand: Operand, _ rounding: FP4Quantizer.Rounding
    ) -> Tensor {
      if recipe.gradient.isIdentity { return gradient }
      let point = turned(x, .forward)
      let (values, scales) = quantizer(rounding).roundedWithScales(point, context, chance: chance(operand))
      let found = recipe.gradient.taken(
        turned(gradient, .forward), x: point, values: values, scales: scales, block: recipe.format.block, context)
      return hadamard(.forward)?.turnedBack(found, context) ?? found
    }
  }
}

extension Context {
  /// x cut off at the size that a part `outliers` of its elements is above, and what was cut.
  func clamped(_ x: Tensor, outliers: Double) -> (inner: Tensor, outer: Tensor) {
    let source = contiguous(x)
    let (inner, outer) = (empty(x.shape), empty(x.shape))
    return withExtendedLifetime(source) {
      let (from, low, high) = (
        source.pointer(as: Float.self), inner.pointer(as: Float.self), outer.pointer(as: Float.self)
      )
      let sizes = (0..<x.count).map { from[$0].magnitude }.sorted()
      let limit = sizes.isEmpty ? 0 : sizes[min(x.count - 1, Int((1 - outliers) * Double(x.count)))]
      performRanges(x.count, grain: 16384, .elementwise, Self.copyCost(x.shape, .f32, .f32)) { range in
        for index in range {
          let value = from[index]
          // What is no number stays in what is rounded.
          let cut = value > limit ? limit : value < -limit ? -limit : value
          low[index] = value.isFinite ? cut : value
          high[index] = value.isFinite ? value - cut : 0
        }
      }
      return (inner, outer)
    }
  }
}
