import Client
import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A server that this process started on a port of its own; it ends when this object goes.
public final class ServerProcess: @unchecked Sendable {
  /// The server's name in reports.
  public let name: String
  /// Where it listens.
  public let address: ServerAddress
  /// Seconds from the start until it answered.
  public let startSeconds: Double
  // One task owns the server; the process's own state is no one else's.
  private let child: ChildProcess

  /// Starts a server and waits until it is ready.
  ///
  /// - Throws: ``LoadError/serverFailed(name:problem:)``, `ClientError`, `CancellationError`.
  public init(_ command: ServerCommand, timeout: Double = 120) async throws {
    name = command.name
    let port = try Self.freePort(command.name)
    address = try ServerAddress("http://127.0.0.1:\(port)")
    do {
      child = try ChildProcess(
        name: command.name, command: command.arguments + ["--host", "127.0.0.1", "--port", "\(port)"], streams: .none)
    } catch { throw LoadError.serverFailed(name: command.name, problem: "\(error)") }
    let start = APIClient.now
    var limits = ClientLimits()
    limits.answer = 5
    let client = try APIClient(address, limits: limits)
    while true {
      do {
        _ = try await client.json("/health")
        break
      } catch is CancellationError { throw CancellationError() } catch {
        if !child.isRunning {
          throw LoadError.serverFailed(name: command.name, problem: child.lastWords ?? "it ended")
        }
        if APIClient.now - start > timeout {
          throw LoadError.serverFailed(
            name: command.name, problem: "not ready after \(Int(timeout)) seconds (\(error))")
        }
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    startSeconds = APIClient.now - start
  }

  /// The most memory that it had at one time, in bytes, and its processor time in seconds.
  public var usage: (peakBytes: Int, seconds: Double)? { child.usage }

  /// Ends it and waits until it is gone.
  public func stop() {
    child.terminate()
    child.end(within: 5)
  }

  /// A port that nobody listens on; another program may take it before the server does, which then says so.
  private static func freePort(_ name: String) throws(LoadError) -> Int {
    #if canImport(Glibc)
      let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let file = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard file >= 0 else { throw .serverFailed(name: name, problem: systemErrorText(errno)) }
    defer { close(file) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(file, place, length) == 0 ? getsockname(file, place, &length) : -1
      }
    }
    guard code == 0 else { throw .serverFailed(name: name, problem: systemErrorText(errno)) }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
