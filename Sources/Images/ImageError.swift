/// What can be wrong with an image file. Every case names the file.
public enum ImageError: Error, Sendable, Equatable {
  /// A file that is no whole PNG or JPEG image.
  case damaged(path: String, problem: String)
  /// An image whose size is not taken.
  case size(path: String, width: Int, height: Int, expected: String)
  /// A folder that cannot be read, or has no images in it.
  case folder(path: String, problem: String)
}

extension ImageError: CustomStringConvertible {
  /// A sentence that names the file.
  public var description: String {
    switch self {
    case .damaged(let path, let problem): "\(path): \(problem)"
    case .size(let path, let width, let height, let expected):
      "\(path): the image is \(width) x \(height), expected \(expected)"
    case .folder(let path, let problem): "\(path): \(problem)"
    }
  }
}
