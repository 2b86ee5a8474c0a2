import NumericTypes
import Tensors

/// Random changes of images, one after the other.
///
/// What happens to an image depends on the seed, the epoch and the image's number only, so that a run that is resumed sees
/// the same images, on any number of threads or ranks.
public struct ImageAugmentation: Sendable, Hashable {
  /// A change.
  public enum Step: Sendable, Hashable {
    /// Puts a border of so many zeros around the image and cuts a piece of the old size out, anywhere.
    case crop(padding: Int)
    /// Mirrors every other image, left to right.
    case horizontalFlip
    /// Sets a square of this side to zero, its middle anywhere; it may hang over the edge (DeVries and Taylor: Improved
    /// Regularization of Convolutional Neural Networks with Cutout, 2017).
    case cutout(side: Int)
    /// Subtracts a number and divides by another, one of each for a channel or one for all.
    case normalize(mean: [Float], deviation: [Float])
  }

  /// The changes, in order.
  public let steps: [Step]
  /// What they depend on.
  public let seed: UInt64

  private static let sizeLimit = 1 << 16

  /// Changes.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(_ steps: [Step], seed: UInt64 = 0) throws(DataError) {
    guard steps.count <= 64 else {
      throw .invalidOption(field: "steps", value: "\(steps.count)", expected: "at most 64")
    }
    for step in steps {
      switch step {
      case .crop(let size), .cutout(let size):
        guard (0...Self.sizeLimit).contains(size) else {
          throw .invalidOption(field: "\(step)", value: "\(size)", expected: "0 to \(Self.sizeLimit)")
        }
      case .horizontalFlip: break
      case .normalize(let mean, let deviation):
        guard mean.count == deviation.count, !mean.isEmpty else {
          throw .invalidOption(
            field: "normalize", value: "\(mean.count) and \(deviation.count) numbers", expected: "as many of both")
        }
        guard mean.allSatisfy(\.isFinite), deviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
          throw .invalidOption(
            field: "normalize", value: "\(mean), \(deviation)", expected: "finite numbers, deviations above 0")
        }
      }
    }
    self.steps = steps
    self.seed = seed
  }

  /// The image [C, H, W] changed, as a new tensor.
  ///
  /// - Parameters:
  ///   - image: f32.
  ///   - index: its number in its source.
  ///   - epoch: the pass over the source.
  ///   - allocator: where the memory comes from.
  /// - Throws: ``DataError/mismatch(field:found:expected:)`` for another rank, type or number of channels;
  ///   ``DataError/system(_:)``.
  public func applied(
    to image: Tensor, index: Int, epoch: Int, allocator: Allocator
  ) throws(DataError) -> Tensor {
    guard image.shape.rank == 3, image.dtype == .f32, image.isContiguous else {
      throw .mismatch(
        field: "image", found: "\(image.shape) \(image.dtype.displayName)", expected: "contiguous [C, H, W] F32")
    }
    let result = try ImageTensor.empty(image.shape, allocator)
    result.pointer(as: Float.self).update(from: image.pointer(as: Float.self), count: image.count)
    if image.count == 0 { return result }
    var random = DataStream.augmentation.random(seed: seed, epoch: epoch)
    // Every image has 256 places of its own, more than 64 steps use.
    random.position = UInt64(truncatingIfNeeded: index) << 8
    for step in steps {
      switch step {
      case .crop(let padding):
        let down = Self.below(2 * padding + 1, &random) - padding
        let right = Self.below(2 * padding + 1, &random) - padding
        Self.move(result, down: down, right: right)
      case .horizontalFlip: if Self.below(2, &random) == 1 { Self.mirror(result) }
      case .cutout(let side):
        let top = Self.below(image.shape[1], &random) - side / 2
        let left = Self.below(image.shape[2], &random) - side / 2
        Self.clear(result, rows: top..<top + side, columns: left..<left + side)
      case .normalize(let mean, let deviation): try Self.normalize(result, mean, deviation)
      }
    }
    return result
  }

  /// A number below `bound`, of one draw; the tiny bias of the product does not matter for places in an image.
  private static func below(_ bound: Int, _ random: inout Random) -> Int {
    Int(random.next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The image as seen from (`down`, `right`): pixel (y, x) is the old one at (y + down, x + right), 0 outside.
  private static func move(_ image: Tensor, down: Int, right: Int) {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let pixels = image.pointer(as: Float.self)
    let old = Array(UnsafeBufferPointer(start: pixels, count: image.count))
    for channel in 0..<channels {
      for y in 0..<height {
        for x in 0..<width {
          let (oldY, oldX) = (y + down, x + right)
          let isInside = (0..<height).contains(oldY) && (0..<width).contains(oldX)
          pixels[(channel * height + y) * width + x] =
            isInside ? old[(channel * height + oldY) * width + oldX] : 0
        }
      }
    }
  }

  private static func mirror(_ image: Tensor) {
    let width = image.shape[2]
    for row in 0..<image.shape[0] * image.shape[1] {
      var pixels = UnsafeMutableBufferPointer(start: image.pointer(as: Float.self) + row * width, count: width)
      pixels.reverse()
    }
  }

  /// The mirror images, left to right, of images [B, C, H, W].
  static func mirrored(_ images: Tensor, _ context: Context) -> Tensor {
    let copy = context.copy(images)
    mirror(copy.reshaped([images.shape[0] * images.shape[1], images.shape[2], images.shape[3]]))
    return copy
  }

  private static func clear(_ image: Tensor, rows: Range<Int>, columns: Range<Int>) {
    let (height, width) = (image.shape[1], image.shape[2])
    let (rows, columns) = (rows.clamped(to: 0..<height), columns.clamped(to: 0..<width))
    for channel in 0..<image.shape[0] {
      for y in rows {
        for x in columns { image.pointer(as: Float.self)[(channel * height + y) * width + x] = 0 }
      }
    }
  }

  private static func normalize(_ image: Tensor, _ mean: [Float], _ deviation: [Float]) throws(DataError) {
    let channels = image.shape[0]
    guard mean.count == 1 || mean.count == channels else {
      throw .mismatch(field: "channels", found: "\(channels)", expected: "\(mean.count)")
    }
    let size = image.count / channels
    for channel in 0..<channels {
      let (shift, scale) = (mean[mean.count == 1 ? 0 : channel], deviation[mean.count == 1 ? 0 : channel])
      let pixels = image.pointer(as: Float.self) + channel * size
      for index in 0..<size { pixels[index] = (pixels[index] - shift) / scale }
    }
  }
}

extension DataSource where Element == LabeledImage {
  /// These images, changed anew in every epoch.
  public func augmented(
    _ augmentation: ImageAugmentation, allocator: Allocator = Allocator()
  ) -> MappedSource<Self, LabeledImage> {
    mapped { element, index, epoch in
      LabeledImage(
        image: try augmentation.applied(to: element.image, index: index, epoch: epoch, allocator: allocator),
        label: element.label)
    }
  }
}
