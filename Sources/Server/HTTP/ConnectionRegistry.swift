import NIOCore
import Synchronization

/// The connections that are open.
final class ConnectionRegistry: Sendable {
  private let open = Mutex<[ObjectIdentifier: ClientConnection]>([:])

  /// How many are open.
  var count: Int { open.withLock { $0.count } }

  /// The connection of a channel, while it is open.
  subscript(channel: any Channel) -> ClientConnection? { open.withLock { $0[ObjectIdentifier(channel)] } }

  /// A connection that was accepted.
  func add(_ channel: any Channel) -> ClientConnection {
    let connection = ClientConnection(channel: channel)
    open.withLock { $0[ObjectIdentifier(channel)] = connection }
    return connection
  }

  /// A connection that is closed.
  func remove(_ channel: any Channel) { open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) } }

  /// Closes all of them.
  func closeAll() {
    for connection in open.withLock({ Array($0.values) }) { connection.close() }
  }
}
