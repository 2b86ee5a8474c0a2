/// The pixels of an image: bytes, row after row, the channels of a pixel side by side.
public struct PixelImage: Sendable, Equatable {
  /// Pixels of a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1, grey, or 3, red, green and blue.
  public let channels: Int
  /// [height, width, channels], sRGB.
  public let bytes: [UInt8]

  /// The most pixels of an image that is read, 64 million, and the most of a side.
  static let (pixelLimit, sideLimit) = (1 << 26, 1 << 16)

  /// An image of its pixels.
  ///
  /// - Precondition: there are as many bytes as the sizes say.
  public init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
    precondition(
      bytes.count == width * height * channels, "\(bytes.count) bytes for \(width) x \(height) x \(channels)")
    (self.width, self.height, self.channels, self.bytes) = (width, height, channels, bytes)
  }

  /// Reads a PNG or JPEG image, told apart by its first bytes.
  ///
  /// - Parameters:
  ///   - file: the file's bytes.
  ///   - path: its name, for errors.
  ///   - channels: 1 or 3, whatever the file has; what is transparent is black.
  /// - Throws: ``ImageError``.
  public init(decoding file: UnsafeRawBufferPointer, path: String, channels: Int) throws(ImageError) {
    precondition(channels == 1 || channels == 3, "an image of \(channels) channels")
    if file.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      self = try Self.png(file, path, channels)
    } else if file.starts(with: [0xFF, 0xD8]) {
      self = try Self.jpeg(file, path, channels)
    } else {
      throw .damaged(path: path, problem: "neither a PNG nor a JPEG image")
    }
  }

  static func check(_ width: Int, _ height: Int, _ path: String) throws(ImageError) {
    guard (1...sideLimit).contains(width), (1...sideLimit).contains(height), width * height <= pixelLimit else {
      throw .size(
        path: path, width: width, height: height, expected: "sides up to \(sideLimit), and \(pixelLimit) pixels")
    }
  }
}
