import Formats
import Models
import Tensors

/// What tells one model file from another: its size, and a digest of its beginning, its end and samples between.
///
/// A digest of the whole file would take longer than loading it; weights that were trained or quantised anew differ
/// everywhere, and so in the samples.
public struct ModelFingerprint: Sendable, Hashable {
  /// The bytes of the file.
  public var bytes: Int
  /// SHA-256 in hexadecimal.
  public var digest: String

  private static let beginning = 64 << 10
  private static let samples = 64
  private static let sampleBytes = 1 << 10

  /// A fingerprint from its parts.
  public init(bytes: Int, digest: String) {
    self.bytes = bytes
    self.digest = digest
  }

  /// The fingerprint of a file's bytes.
  public init(of content: UnsafeRawBufferPointer) {
    var hash = SHA256()
    let first = min(content.count, Self.beginning)
    hash.update(UnsafeRawBufferPointer(rebasing: content[..<first]))
    let rest = content.count - first
    if rest > 0 {
      let length = min(rest, Self.sampleBytes)
      // The last sample is the end of the file.
      for sample in 1...Self.samples {
        let start = first + (rest - length) / Self.samples * sample
        let place = sample == Self.samples ? content.count - length : start
        hash.update(UnsafeRawBufferPointer(rebasing: content[place..<(place + length)]))
      }
    }
    bytes = content.count
    digest = hash.finish()
  }

  /// The fingerprint of a model's files; that of several is one of theirs.
  ///
  /// - Throws: `TensorError` when a file changes meanwhile.
  public init(_ checkpoint: Checkpoint) throws {
    let files = try checkpoint.reading { checkpoint.files.map { ModelFingerprint(of: $0.bytes) } }
    guard files.count != 1 else {
      self = files[0]
      return
    }
    var hash = SHA256()
    for file in files { file.digest.utf8.withContiguousStorageIfAvailable { hash.update(UnsafeRawBufferPointer($0)) } }
    self.init(bytes: checkpoint.fileBytes, digest: hash.finish())
  }

  /// `{"bytes", "digest"}`.
  public var json: JSON { ["bytes": .integer(bytes), "digest": .string(digest)] }
}
