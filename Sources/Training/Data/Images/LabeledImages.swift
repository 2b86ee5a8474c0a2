import Formats
import NumericTypes
import Tensors

/// Images with their classes, kept as the bytes they came as.
public struct LabeledImages: DataSource {
  /// The shape of an image, [C, H, W].
  public let shape: Shape
  /// The number of classes.
  public let classes: Int
  /// The class of each image.
  public let labels: [Int]
  private let pixels: ByteView
  private let allocator: Allocator

  /// Images of one channel.
  ///
  /// - Parameters:
  ///   - images: bytes, [N, H, W].
  ///   - labels: bytes, [N], each below `classes`.
  ///   - classes: the number of classes.
  ///   - allocator: where the memory of elements comes from.
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public init(
    images: NumberArray, labels: NumberArray, classes: Int, allocator: Allocator = Allocator()
  ) throws(DataError) {
    guard images.type == .uint8, images.shape.count == 3 else {
      throw .mismatch(field: "images", found: "\(images.type) \(images.shape)", expected: "uint8 [N, H, W]")
    }
    guard labels.type == .uint8, labels.shape == [images.shape[0]] else {
      throw .mismatch(
        field: "labels", found: "\(labels.type) \(labels.shape)", expected: "uint8 [\(images.shape[0])]")
    }
    let values = labels.bytes.withUnsafeBytes { $0.map { Int($0) } }
    if let index = values.firstIndex(where: { $0 >= classes }) {
      throw .mismatch(field: "label \(index)", found: "\(values[index])", expected: "below \(classes)")
    }
    // The array's own size was computed without overflow, and that of an image is no larger unless there is none.
    do throws(NumericsError) { shape = try Shape(validating: [1] + images.shape[1...]) } catch {
      throw .mismatch(field: "images", found: "\(images.shape)", expected: "fewer pixels: \(error)")
    }
    self.labels = values
    self.classes = classes
    self.allocator = allocator
    pixels = images.bytes
  }

  /// The images and classes of two IDX files, which may be compressed by gzip, as MNIST and Fashion-MNIST have them.
  ///
  /// - Throws: ``DataError`` naming the file and the field.
  public init(
    imagesPath: String, labelsPath: String, classes: Int, allocator: Allocator = Allocator()
  ) throws(DataError) {
    try self.init(
      images: Self.array(at: imagesPath), labels: Self.array(at: labelsPath), classes: classes, allocator: allocator)
  }

  /// One of the two parts of Fashion-MNIST, from the folder where `venturi pull fashion-mnist` puts it.
  ///
  /// - Throws: ``DataError`` naming the file and the field.
  public static func fashionMNIST(
    folder: String, isTraining: Bool, allocator: Allocator = Allocator()
  ) throws(DataError) -> LabeledImages {
    let part = isTraining ? "train" : "t10k"
    return try LabeledImages(
      imagesPath: "\(folder)/\(part)-images-idx3-ubyte.gz", labelsPath: "\(folder)/\(part)-labels-idx1-ubyte.gz",
      classes: 10, allocator: allocator)
  }

  private static func array(at path: String) throws(DataError) -> NumberArray {
    do {
      let storage = try Storage(mapping: path)
      return try storage.reading {
        // A copy, for a file that is not compressed would stay mapped and could be changed.
        try IDXFile(ByteView(copying: storage.bytes)).array
      }
    } catch let error as FormatError { throw .format(path: path, error) } catch let error as TensorError {
      throw .system(error)
    } catch { throw .corpus(path: path, line: nil, problem: "\(error)") }
  }

  /// The number of images.
  public var count: Int { labels.count }

  /// An image, its pixels from 0 to 1.
  ///
  /// - Throws: ``DataError/system(_:)`` when there is no memory for it.
  public func element(at index: Int, epoch: Int) throws -> LabeledImage {
    let image = try ImageTensor.empty(shape, allocator)
    let target = image.pointer(as: Float.self)
    pixels.withUnsafeBytes { bytes in
      let start = index * shape.count
      for pixel in 0..<shape.count { target[pixel] = Float(bytes[start + pixel]) / 255 }
    }
    return LabeledImage(image: image, label: labels[index])
  }
}
