import Tensors

/// An image and its class.
public struct LabeledImage: Sendable {
  /// The pixels, [C, H, W] in f32.
  public var image: Tensor
  /// The class, from 0.
  public var label: Int

  /// An image from its parts.
  public init(image: Tensor, label: Int) {
    self.image = image
    self.label = label
  }
}
