import Formats
import Tensors

extension Checkpoint {
  /// The SHA-256 digest of the files that hold weights, one behind the other: what an adapter says its base is. That of a
  /// single file is what `sha256sum` says.
  ///
  /// - Throws: ``/Tensors/TensorError/fileChanged(path:)``.
  public func digest() throws -> String {
    var digest = SHA256()
    for file in files { try file.reading { digest.update(file.bytes) } }
    return digest.finish()
  }
}
