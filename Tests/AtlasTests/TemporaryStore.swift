import Foundation

/// A folder for stores that goes with this object.
final class TemporaryStore {
  let folder = FileManager.default.temporaryDirectory.appending(path: "venturi-atlas-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  /// A path in it.
  func path(_ name: String = "results.sqlite") -> String { folder.appending(path: name).path }
}
