import ConfigurationFiles

/// A folder of PNG and JPEG images, and the size at which they are learned from.
package struct ImageFolderSettings: Sendable, Equatable {
  package var path: String
  /// Another folder, whose images are held out.
  package var heldOut: String?
  /// The share of images that is held out where no folder is named, and what they depend on.
  package var share: Double
  package var seed: UInt64
  package var height: Int
  package var width: Int
  package var channels: Int

  init(_ fields: inout ConfigurationFields) throws(ConfigurationError) {
    path = try fields.text("path")
    let sides = try fields.wholes("size", 1...4096, atMost: 2, default: [])
    guard let first = sides.first, let last = sides.last else {
      throw .missing(field: fields.name("size"), meant: nil)
    }
    (height, width) = (first, last)
    channels = try fields.whole("channels", 1...3, default: 3)
    if channels == 2 { throw .invalid(field: fields.name("channels"), value: "2", expected: "1 or 3") }
    heldOut = try fields.textIfPresent("validationPath")
    share = heldOut == nil ? try fields.number("validation", 0...0.99, default: 0.1) : 0
    seed = UInt64(try fields.whole("seed", 0...Int.max, default: 0))
  }
}
