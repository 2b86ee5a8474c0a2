import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A connection to a port of this machine, as plain as a socket: what a client can do wrong, it can do. Calls block, so they
/// belong on threads of their own; see ``offPool(_:)``.
final class RawConnection: Sendable {
  struct Failure: Error {
    let operation: String
    let code: Int32
  }

  private let descriptor: Int32

  /// Connects.
  init(port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    var time = timeval(tv_sec: 600, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        connect(descriptor, raw, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result != 0 {
      let code = errno
      Glibc.close(descriptor)
      throw Failure(operation: "connect", code: code)
    }
  }

  deinit { _ = Glibc.close(descriptor) }

  /// Sends everything; `false` when the other side does not take it.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { Glibc.send(descriptor, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
          ?? -1
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// The next bytes, nothing at the end; `nil` on an error or after ten minutes of silence.
  func receive(_ most: Int = 1 << 16) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: most)
    let count = recv(descriptor, &buffer, most, 0)
    return count < 0 ? nil : Array(buffer[..<count])
  }

  /// Everything until the other side closes; what came before an error counts.
  func receiveAll() -> [UInt8] {
    var all: [UInt8] = []
    while let part = receive(), !part.isEmpty { all += part }
    return all
  }

  /// Reads until `text` has come, or the end.
  func receive(until text: String) -> String {
    var all: [UInt8] = []
    while let part = receive(), !part.isEmpty {
      all += part
      if String(decoding: all, as: UTF8.self).contains(text) { break }
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// Says that nothing more will be sent, and goes on reading.
  func closeHalf() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection in good order.
  func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Tears the connection down.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    var address = sockaddr()
    address.sa_family = sa_family_t(AF_UNSPEC)
    connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
  }
}

/// Runs what blocks on a thread of its own: the cooperative ones are the server's too.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Foundation.Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
