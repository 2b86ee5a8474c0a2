import ArgumentParser
import Console
import Venturi

extension PrefixCache: ExpressibleByArgument {
  /// `off`, `auto` or a number of bytes.
  public init?(argument: String) {
    switch argument {
    case "off": self = .off
    case "auto": self = .automatic
    default:
      guard let count = ByteCount(argument: argument) else { return nil }
      self = .bytes(count.bytes)
    }
  }

  /// As it is written.
  public var defaultValueDescription: String { "auto" }
}
