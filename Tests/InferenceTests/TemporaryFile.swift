import Foundation

/// A file that is gone with its last reference.
final class TemporaryFile: Sendable {
  let path: String

  init(_ bytes: [UInt8]) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "venturi-\(UUID().uuidString).gguf").path()
    try Data(bytes).write(to: URL(filePath: path))
  }

  /// Cuts the file off, as another process might.
  func truncate(to size: Int) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(size))
    try handle.close()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
