import Formats
import Foundation
import Images
import Tensors
import Testing
import Training
import VenturiTesting

struct ImagesTests {
  /// What Pillow makes of a file of Golden/images.
  private struct Expected: Decodable {
    struct Size: Decodable {
      var width: Int
      var height: Int
      var rgb: Data
    }
    var file: String
    var width: Int
    var height: Int
    var rgb: Data
    var grey: Data?
    var resized: [Size]
  }

  private static func expected() throws -> [Expected] {
    try JSONDecoder().decode([Expected].self, from: Data(contentsOf: GoldenFiles.url("images/images.json")))
  }

  private static func bytes(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: GoldenFiles.url("images/\(file)")))
  }

  private static func decoded(_ bytes: [UInt8], channels: Int = 3) throws -> PixelImage {
    try bytes.withUnsafeBytes { try PixelImage(decoding: $0, path: "x", channels: channels) }
  }

  private static func distance(_ a: [UInt8], _ b: Data) -> Int {
    guard a.count == b.count else { return .max }
    return zip(a, b).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
  }

  @Test func everyKindOfFileIsReadAsPillowReadsIt() throws {
    let all = try Self.expected()
    #expect(all.count == 8)
    for image in all {
      let bytes = try Self.bytes(image.file)
      let found = try Self.decoded(bytes)
      #expect(found.width == image.width && found.height == image.height, "\(image.file)")
      // The decoders are of one family; their arithmetic may round otherwise by one.
      #expect(Self.distance(found.bytes, image.rgb) <= 1, "\(image.file)")
      if let grey = image.grey {
        #expect(Self.distance(try Self.decoded(bytes, channels: 1).bytes, grey) <= 1, "\(image.file)")
      }
    }
  }

  @Test func resizingIsPillowsBilinearFilter() throws {
    for image in try Self.expected() {
      let pixels = PixelImage(width: image.width, height: image.height, channels: 3, bytes: [UInt8](image.rgb))
      for size in image.resized {
        let found = pixels.resized(width: size.width, height: size.height)
        // Theirs rounds between the two directions.
        #expect(Self.distance(found.bytes, size.rgb) <= 1, "\(image.file) to \(size.width) x \(size.height)")
      }
    }
  }

  @Test func filesThatEndEarlyAreRefused() throws {
    for image in try Self.expected() {
      let bytes = try Self.bytes(image.file)
      for count in 0..<bytes.count - 2 where count < 64 || count % 7 == 0 {
        // A PNG's pixels are whole before its last chunk is, and a JPEG's before its last bits.
        if count > bytes.count - 16 { continue }
        #expect(throws: ImageError.self, "\(image.file), \(count) bytes") { try Self.decoded(Array(bytes[..<count])) }
      }
    }
  }

  @Test func changedBytesAreReadOrRefused() throws {
    var random = Random(seed: 11)
    for image in try Self.expected() {
      let bytes = try Self.bytes(image.file)
      for _ in 0..<200 {
        var changed = bytes
        for _ in 0..<3 { changed[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
        do { _ = try Self.decoded(changed) } catch { #expect(error is ImageError) }
      }
    }
  }

  @Test func aHugeSizeIsRefusedByItsHeader() throws {
    var bytes = try Self.bytes("rgb.png")
    // Width and height of the header chunk; its checksum comes behind.
    bytes.replaceSubrange(16..<24, with: [0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00])
    let crc = bytes[12..<29].withUnsafeBytes { CRC32.of($0) }
    bytes.replaceSubrange(29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: crc >> (24 - 8 * UInt32($0))) })
    #expect(
      throws: ImageError.size(
        path: "x", width: 1 << 16, height: 1 << 16, expected: "sides up to 65536, and 67108864 pixels")
    ) { try Self.decoded(bytes) }
  }

  @Test func whatIsNoImageIsRefused() throws {
    #expect(throws: ImageError.damaged(path: "x", problem: "neither a PNG nor a JPEG image")) {
      try Self.decoded([1, 2, 3])
    }
    #expect(throws: ImageError.self) { try Self.decoded(Self.bytes("cmyk.jpg")) }
  }

  @Test func aFolderHasAClassForEachOfItsFolders() throws {
    let folder = try TemporaryFolder()
    for (name, files) in ["dog": ["rgb.png"], "cat": ["colour.jpg", "progressive.jpeg"]] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
      for file in files { try Data(Self.bytes(file)).write(to: URL(filePath: "\(folder.path)/\(name)/\(file)")) }
      try Data("note".utf8).write(to: URL(filePath: "\(folder.path)/\(name)/note.txt"))
    }
    let images = try ImageFolder(folder.path, height: 5, width: 7)
    #expect(images.classes == ["cat", "dog"])
    #expect(images.files.map(\.label) == [0, 0, 1])
    let element = try images.element(at: 2, epoch: 0)
    #expect(element.label == 1 && element.image.shape == [3, 5, 7])
    let expected = try #require(try Self.expected().first { $0.file == "rgb.png" }?.resized.first)
    let pixels = element.image.pointer(as: Float.self)
    for pixel in 0..<35 {
      for channel in 0..<3 {
        #expect(abs(pixels[channel * 35 + pixel] - Float(expected.rgb[pixel * 3 + channel]) / 255) < 1.5 / 255)
      }
    }
    #expect(throws: ImageError.self) { try ImageFolder("\(folder.path)/none", height: 5, width: 7) }
    #expect(throws: ImageError.self) { try ImageFolder("\(folder.path)/cat", height: 5, width: 7) }
    #expect(throws: ImageError.self) { try ImageFolder(folder.path, classes: ["cat"], height: 5, width: 7) }
    #expect(throws: DataError.self) { try ImageFolder(folder.path, height: 0, width: 7) }
    try Data([0xFF, 0xD8, 0]).write(to: URL(filePath: "\(folder.path)/cat/broken.jpg"))
    let broken = try ImageFolder(folder.path, height: 5, width: 7)
    let error = #expect(throws: ImageError.self) { try broken.element(at: 0, epoch: 0) }
    #expect(error.map { "\($0)".contains("cat/broken.jpg") } ?? false)
  }
}
