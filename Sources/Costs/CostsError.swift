/// What goes wrong with devices and their figures.
public enum CostsError: Error, Sendable, Hashable {
  /// No device has this name; `nearest` holds the names that may be meant, the likeliest first.
  case unknownDevice(String, nearest: [String])
}

extension CostsError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .unknownDevice(let name, let nearest):
      "no device is called '\(name)'" + (nearest.isEmpty ? "" : "; did you mean \(nearest.joined(separator: ", "))?")
    }
  }
}
