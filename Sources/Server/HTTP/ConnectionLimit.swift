import Hummingbird
import HummingbirdCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

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
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
    #else
      let resource = RLIMIT_NOFILE
    #endif
    guard getrlimit(resource, &limit) == 0 else { return .max }
    let all = Int(clamping: limit.rlim_cur)
    // Several connections are accepted at a time.
    return max(1, all - openFiles() - max(16, min(all / 8, 128)))
  }

  private static func openFiles() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 64 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }
}
