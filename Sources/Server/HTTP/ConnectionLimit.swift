import Hummingbird
import HummingbirdCore

/// How many connections are accepted at one time: as many as the settings say, and no more than there are files for. A
/// system that refuses to make another file for a connection that waits would be asked again without end; one that is not
/// asked keeps the connection waiting.
struct ConnectionLimit: AvailableConnectionsDelegate {
  private let most: Int
  private var count = 0
  /// Known from the first connection on: by then everything else of the server is open.
  private var files: Int?

  /// At most `most` connections.
  init(most: Int) { self.most = most }

  mutating func connectionOpened() {
    count += 1
    if files == nil { files = Self.freeFiles() }
  }

  mutating func connectionClosed() { count -= 1 }

  func isAcceptingNewConnections() -> Bool { count < min(most, files ?? most) }

  /// Files that connections may take; some are left for models and for what the system asks.
  private static func freeFiles() -> Int {
    guard let all = OpenFiles.limit else { return .max }
    // Several connections are accepted at a time.
    return max(1, all - OpenFiles.count - max(16, min(all / 8, 128)))
  }
}
