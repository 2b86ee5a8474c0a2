/// How a convolution or a pooling goes over the last three axes [D, H, W]: kernel, steps, spread and margins. Problems of
/// one or two dimensions leave the first axes at 1.
public struct Window: Sendable, Equatable {
  /// The kernel's extents.
  public var kernel: [Int]
  /// The steps from one output to the next.
  public var strides: [Int]
  /// The distances between the kernel's elements.
  public var dilations: [Int]
  /// The margins before the first element.
  public var before: [Int]
  /// The margins behind the last element.
  public var after: [Int]

  /// A window of one element that takes steps of one.
  public init(kernel: [Int] = [1, 1, 1]) {
    self.kernel = kernel
    strides = [1, 1, 1]
    dilations = [1, 1, 1]
    before = [0, 0, 0]
    after = [0, 0, 0]
  }

  /// The outputs along an axis of `extent` elements; 0 where the kernel does not fit.
  ///
  /// `roundsUp` says whether a last window that reaches over the end counts, unless it lies in the margin wholly.
  public func outputs(_ extent: Int, axis: Int, roundsUp: Bool = false) -> Int {
    let span = dilations[axis] * (kernel[axis] - 1) + 1
    let free = extent + before[axis] + after[axis] - span
    if free < 0 { return 0 }
    var count = (roundsUp ? (free + strides[axis] - 1) / strides[axis] : free / strides[axis]) + 1
    if roundsUp, (count - 1) * strides[axis] >= extent + before[axis] { count -= 1 }
    return count
  }

  /// The number of the kernel's elements.
  public var taps: Int { kernel.reduce(1, *) }
}
