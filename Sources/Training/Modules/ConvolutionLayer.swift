import NumericTypes
import Tensors

/// A convolution (cross-correlation) over the last one, two or three axes, with a bias for each output channel.
public struct ConvolutionLayer: Sendable, Hashable {
  /// The kernels, [outputs, inputs / groups, kernel…].
  public let weight: Weight
  /// [outputs].
  public let bias: Weight?
  /// The axes that the kernel goes along: 1, 2 or 3.
  public let axes: Int
  private let settings: Settings

  private struct Settings: Sendable, Hashable {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    let padding: [Int]
    let groups: Int

    var window: Window {
      func whole(_ values: [Int], _ rest: Int) -> [Int] {
        [Int](repeating: rest, count: 3 - values.count) + values
      }
      var window = Window(kernel: whole(kernel, 1))
      window.strides = whole(strides, 1)
      window.dilations = whole(dilations, 1)
      window.before = whole(padding, 0)
      window.after = window.before
      return window
    }
  }

  /// A layer with the parameters `weight` and `bias`; they begin as PyTorch's do unless said otherwise.
  ///
  /// - Precondition: one to three extents, as many of each; `groups` divides the channels.
  public init(
    _ builder: inout ModelBuilder, from inputs: Int, to outputs: Int, kernel: [Int], strides: [Int]? = nil,
    padding: [Int]? = nil, dilations: [Int]? = nil, groups: Int = 1, hasBias: Bool = true,
    weight initializer: Initializer = .fanIn
  ) {
    axes = kernel.count
    settings = Settings(
      kernel: kernel, strides: strides ?? kernel.map { _ in 1 }, dilations: dilations ?? kernel.map { _ in 1 },
      padding: padding ?? kernel.map { _ in 0 }, groups: groups)
    precondition(
      (1...3).contains(axes) && settings.strides.count == axes && settings.dilations.count == axes
        && settings.padding.count == axes,
      "a kernel of \(kernel) with strides \(settings.strides), dilations \(settings.dilations), padding \(settings.padding)"
    )
    precondition(
      groups > 0 && inputs.isMultiple(of: groups) && outputs.isMultiple(of: groups),
      "\(inputs) and \(outputs) channels in \(groups) groups")
    weight = builder.weight("weight", Shape([outputs, inputs / groups] + kernel), initializer)
    let fanIn = kernel.reduce(inputs / groups, *)
    bias =
      hasBias
      ? builder.weight("bias", [outputs], .uniform(bound: 1 / Double(max(1, fanIn)).squareRoot())) : nil
  }

  /// [N, inputs, extents…] → [N, outputs, extents…].
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    precondition(x.shape.rank == axes + 2, "a convolution over \(axes) axes of \(x.shape)")
    func whole(_ x: Tensor) -> Tensor {
      let ones = [Int](repeating: 1, count: 3 - axes)
      return axes == 3
        ? x : context.contiguous(x).reshaped(Shape(Array(x.shape.dimensions[..<2]) + ones + x.shape.dimensions[2...]))
    }
    let y = context.convolution(
      whole(x), whole(pass.values(of: weight)), bias: bias.map { pass[$0] }, window: settings.window,
      groups: settings.groups)
    return axes == 3 ? y : y.reshaped(Shape(Array(y.shape.dimensions[..<2]) + y.shape.dimensions[(5 - axes)...]))
  }
}
