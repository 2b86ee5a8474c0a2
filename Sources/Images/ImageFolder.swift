import Foundation
import NumericTypes
import Tensors
import Training

/// Images of a folder that has a folder for each class, as PNG or JPEG files: `cat/1.jpg`, `dog/7.png`.
///
/// Classes are numbered in the order of their names, elements in that of classes and files. A file is read and decoded
/// when it is asked for, on the loader's thread.
public struct ImageFolder: DataSource {
  /// The names of the classes, sorted.
  public let classes: [String]
  /// The shape of an image, [C, H, W].
  public let shape: Shape
  /// The files with their classes.
  public let files: [(path: String, label: Int)]
  private let allocator: Allocator

  private static let endings: Set = ["png", "jpg", "jpeg"]
  /// The most classes and files.
  private static let (classLimit, fileLimit) = (1 << 16, 1 << 26)
  /// The most bytes of a file.
  private static let byteLimit = 1 << 28

  /// The images of a folder; files that end otherwise, and names that begin with a dot, are passed over.
  ///
  /// - Parameters:
  ///   - folder: its path.
  ///   - classes: the classes, where another folder decides; by default the folders that are there.
  ///   - height: rows of an image, to which it is resized.
  ///   - width: pixels of a row.
  ///   - channels: 1 or 3.
  ///   - allocator: where the memory of elements comes from.
  /// - Throws: ``ImageError/folder(path:problem:)``; ``/Training/DataError/invalidOption(field:value:expected:)``.
  public init(
    _ folder: String, classes: [String]? = nil, height: Int, width: Int, channels: Int = 3,
    allocator: Allocator = Allocator()
  ) throws {
    for (field, value) in [("height", height), ("width", width)] where !(1...4096).contains(value) {
      throw DataError.invalidOption(field: field, value: "\(value)", expected: "1 to 4096")
    }
    guard channels == 1 || channels == 3 else {
      throw DataError.invalidOption(field: "channels", value: "\(channels)", expected: "1 or 3")
    }
    let found = try Self.names(in: folder, areFolders: true)
    if let classes, let unknown = found.first(where: { !classes.contains($0) }) {
      throw ImageError.folder(path: "\(folder)/\(unknown)", problem: "a class that is not among those learned from")
    }
    let names = classes ?? found
    guard (1...Self.classLimit).contains(names.count) else {
      throw ImageError.folder(
        path: folder, problem: "\(names.count) folders, expected one for each class, \(Self.classLimit) at most")
    }
    var files: [(path: String, label: Int)] = []
    for (label, name) in names.enumerated() where found.contains(name) {
      for file in try Self.names(in: "\(folder)/\(name)", areFolders: false) {
        guard let ending = file.split(separator: ".").last, Self.endings.contains(ending.lowercased()) else { continue }
        files.append(("\(folder)/\(name)/\(file)", label))
      }
    }
    guard (1...Self.fileLimit).contains(files.count) else {
      throw ImageError.folder(path: folder, problem: "\(files.count) images (.png, .jpg, .jpeg) in its folders")
    }
    self.classes = names
    self.files = files
    self.allocator = allocator
    shape = [channels, height, width]
  }

  private static func names(in folder: String, areFolders: Bool) throws(ImageError) -> [String] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw .folder(path: folder, problem: "cannot be read")
    }
    return names.filter { name in
      var isFolder: ObjCBool = false
      return !name.hasPrefix(".")
        && FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
        && isFolder.boolValue == areFolders
    }.sorted()
  }

  /// The number of images.
  public var count: Int { files.count }

  /// An image at the source's size, its values from 0 to 1.
  ///
  /// - Throws: ``ImageError``; ``/Training/DataError/system(_:)``.
  public func element(at index: Int, epoch: Int) throws -> LabeledImage {
    let (path, label) = files[index]
    let pixels = try Self.pixels(path, channels: shape[0]).resized(width: shape[2], height: shape[1])
    let image = try ImageTensor.empty(shape, allocator)
    let target = image.pointer(as: Float.self)
    let size = shape[1] * shape[2]
    for pixel in 0..<size {
      for channel in 0..<shape[0] {
        target[channel * size + pixel] = Float(pixels.bytes[pixel * shape[0] + channel]) / 255
      }
    }
    return LabeledImage(image: image, label: label)
  }

  private static func pixels(_ path: String, channels: Int) throws -> PixelImage {
    let storage: Storage
    do throws(TensorError) { storage = try Storage(mapping: path) } catch { throw DataError.system(error) }
    guard storage.bytes.count <= byteLimit else {
      throw ImageError.damaged(path: path, problem: "\(storage.bytes.count) bytes, more than \(byteLimit)")
    }
    return try storage.reading {
      try PixelImage(decoding: UnsafeRawBufferPointer(storage.bytes), path: path, channels: channels)
    }
  }
}
