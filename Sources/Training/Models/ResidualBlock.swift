import NumericTypes
import Tensors

/// Two convolutions of 3 × 3 beside a shortcut (He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2016).
struct ResidualBlock: Sendable {
  private let convolutions: [ConvolutionLayer]
  private let norms: [BatchNormLayer]
  private let shortcut: (convolution: ConvolutionLayer, norm: BatchNormLayer)?

  init(_ builder: inout ModelBuilder, from inputs: Int, to outputs: Int, stride: Int) {
    var (convolutions, norms): ([ConvolutionLayer], [BatchNormLayer]) = ([], [])
    for (index, channels) in [inputs, outputs].enumerated() {
      convolutions.append(
        builder.within("conv\(index + 1)") {
          ConvolutionLayer(
            &$0, from: channels, to: outputs, kernel: [3, 3], strides: index == 0 ? [stride, stride] : nil,
            padding: [1, 1], hasBias: false, weight: .kaimingNormal())
        })
      norms.append(builder.within("bn\(index + 1)") { BatchNormLayer(&$0, channels: outputs) })
    }
    (self.convolutions, self.norms) = (convolutions, norms)
    guard stride != 1 || inputs != outputs else {
      shortcut = nil
      return
    }
    shortcut = builder.within("shortcut") { builder in
      (
        builder.within("0") {
          ConvolutionLayer(
            &$0, from: inputs, to: outputs, kernel: [1, 1], strides: [stride, stride], hasBias: false,
            weight: .kaimingNormal())
        }, builder.within("1") { BatchNormLayer(&$0, channels: outputs) }
      )
    }
  }

  /// [B, inputs, H, W] → [B, outputs, H / stride, W / stride].
  func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let hidden = norms[0](convolutions[0](x, pass), pass, isRectified: true)
    let other = shortcut.map { $0.norm($0.convolution(x, pass), pass) } ?? x
    return norms[1](convolutions[1](hidden, pass), pass, adding: other, isRectified: true)
  }
}
