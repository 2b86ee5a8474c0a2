import NumericTypes
import Tensors

/// Images of one shape and their classes.
public struct ImageBatch: Sendable {
  /// The pixels, [B, C, H, W] in f32.
  public let images: Tensor
  /// The classes, B of them.
  public let labels: [Int]

  /// A batch from its parts.
  public init(images: Tensor, labels: [Int]) {
    self.images = images
    self.labels = labels
  }

  /// The images as one batch; a loader's collation.
  ///
  /// - Parameters:
  ///   - elements: the images; of none come no images of no size.
  ///   - allocator: where the memory comes from.
  /// - Throws: ``DataError/mismatch(field:found:expected:)`` for images of different shapes; ``DataError/system(_:)``.
  public init(_ elements: [LabeledImage], allocator: Allocator) throws(DataError) {
    let shape = elements.first?.image.shape ?? [0, 0, 0]
    images = try ImageTensor.empty(Shape([elements.count] + shape.dimensions), allocator)
    let target = images.pointer(as: Float.self)
    for (index, element) in elements.enumerated() {
      let image = element.image
      guard image.shape == shape, image.dtype == .f32, image.isContiguous else {
        throw .mismatch(
          field: "image \(index)", found: "\(image.shape) \(image.dtype.displayName)", expected: "\(shape) F32")
      }
      (target + index * shape.count).update(from: image.pointer(as: Float.self), count: shape.count)
    }
    labels = elements.map(\.label)
  }

  /// A batch of `count` images of [C, H, W] for a ``TrainingNeed``: their pixels are not filled in, and all are of class 0.
  ///
  /// - Throws: ``DataError/system(_:)``.
  public init(rehearsing count: Int, of shape: Shape, _ context: Context) throws(DataError) {
    images = try ImageTensor.empty(Shape([count] + shape.dimensions), context.allocator)
    labels = [Int](repeating: 0, count: count)
  }
}
