/// A convolution, or a linear layer as one over a single pixel.
public struct ConvolutionalLayer: Sendable, Hashable {
  /// Its place: `stages[2].3.grouped`.
  public var name: String
  /// Channels in.
  public var inputs: Int
  /// Channels out.
  public var outputs: Int
  /// Rows and columns of the kernel.
  public var kernel: Int
  /// Groups of channels that do not meet.
  public var groups: Int
  /// Rows and columns of what comes out.
  public var side: Int
  /// Whether it has a bias.
  public var isBiased: Bool
  /// Whether a norm with two weights a channel follows.
  public var isNormed: Bool

  /// Its counts; a bias counts as an operation for each number that comes out, as in the paper's code.
  public var complexity: NetComplexity {
    let weights = kernel * kernel * inputs * outputs / groups
    let written = outputs * side * side
    return NetComplexity(
      multiplyAdds: weights * side * side + (isBiased ? written : 0),
      parameters: weights + (isBiased ? outputs : 0) + (isNormed ? 2 * outputs : 0), activations: written)
  }
}
