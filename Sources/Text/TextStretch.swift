/// A stretch of text without special tokens.
struct TextStretch {
  let source: UnsafeBufferPointer<UInt8>
  /// The number of its bytes after repair.
  let count: Int
  let isIntact: Bool

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
    source = UnsafeBufferPointer(rebasing: bytes[range])
    (count, isIntact) = LenientUTF8.survey(source)
  }

  func repair(into output: UnsafeMutablePointer<UInt8>) {
    if isIntact {
      if let base = source.baseAddress { output.update(from: base, count: count) }
    } else {
      LenientUTF8.repair(source, into: output)
    }
  }
}
