import ArgumentParser

/// A size as users write it: bytes, or with K, M, G or T for powers of 1024.
package struct ByteCount: ExpressibleByArgument, Sendable, Equatable {
  /// The number of bytes.
  package var bytes: Int

  package init?(argument: String) {
    guard let last = argument.utf8.last else { return nil }
    let shift: Int
    switch last {
    case UInt8(ascii: "k"), UInt8(ascii: "K"): shift = 10
    case UInt8(ascii: "m"), UInt8(ascii: "M"): shift = 20
    case UInt8(ascii: "g"), UInt8(ascii: "G"): shift = 30
    case UInt8(ascii: "t"), UInt8(ascii: "T"): shift = 40
    default: shift = 0
    }
    guard let number = Int(shift > 0 ? argument.dropLast() : argument[...]), number > 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    if overflow { return nil }
    self.bytes = bytes
  }
}
