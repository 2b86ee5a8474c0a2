import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A hub on the loopback interface that answers as a test tells it: well, late, wrongly, in part or not at all.
final class LoopbackHub: Sendable {
  /// A request's head.
  struct Request: Sendable {
    var path: String
    var headers: [String: String]
    /// The range that was asked for, the end excluded.
    var range: Range<Int>? {
      guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
      let ends = text.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      return ends.count == 2 ? ends[0]..<ends[1] + 1 : nil
    }
  }

  /// What a connection does.
  enum Step: Sendable {
    case send([UInt8])
    case wait(seconds: Double)
  }

  typealias Answer = @Sendable (_ request: Request, _ number: Int) -> [Step]

  let port: UInt16
  private let listener: Int32
  private let answer: Answer
  private let log = Mutex<[Request]>([])
  private let isClosed = Mutex(false)

  /// Starts; `answer` gets every request with its number.
  init(_ answer: @escaping Answer) throws {
    self.answer = answer
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    listener = descriptor
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(descriptor, raw, length) == 0 && listen(descriptor, 64) == 0
          && getsockname(descriptor, raw, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    Foundation.Thread { [self] in accept() }.start()
  }

  deinit { stop() }

  func stop() {
    let wasClosed = isClosed.withLock { closed in
      defer { closed = true }
      return closed
    }
    if !wasClosed {
      shutdown(listener, Int32(SHUT_RDWR))
      close(listener)
    }
  }

  var endpoint: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { log.withLock { $0 } }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      if connection < 0 { return }
      var on: Int32 = 1
      setsockopt(connection, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
      Foundation.Thread { [weak self] in
        self?.serve(connection)
        close(connection)
      }.start()
    }
  }

  private func serve(_ connection: Int32) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !bytes.contains(subsequence: Array("\r\n\r\n".utf8)) {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count <= 0 { return }
      bytes += buffer[..<count]
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return }
    var request = Request(path: String(words[1]), headers: [:])
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      request.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
        in: .whitespaces)
    }
    let number = log.withLock { log in
      log.append(request)
      return log.count - 1
    }
    for step in answer(request, number) {
      switch step {
      case .send(let bytes):
        var sent = 0
        while sent < bytes.count {
          let count = bytes.withUnsafeBytes { raw in
            Glibc.send(
              connection, raw.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
          }
          if count <= 0 { return }
          sent += count
        }
      case .wait(let seconds):
        let end = Date() + seconds
        while Date() < end, !isClosed.withLock({ $0 }) { usleep(10_000) }
      }
    }
  }
}

extension [UInt8] {
  fileprivate func contains(subsequence other: [UInt8]) -> Bool {
    guard count >= other.count else { return false }
    return (0...count - other.count).contains { self[$0..<$0 + other.count].elementsEqual(other) }
  }
}

extension LoopbackHub.Step {
  /// A whole answer.
  static func answer(
    _ status: String = "200 OK", _ body: [UInt8] = [], headers: [String] = [], length: Int? = nil
  ) -> LoopbackHub.Step {
    let head = ["HTTP/1.1 \(status)", "Content-Length: \(length ?? body.count)", "Connection: close"] + headers
    return .send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
  }

  /// The bytes that a request asks for, as a server with ranges sends them.
  static func range(of file: [UInt8], _ request: LoopbackHub.Request, tag: String = "\"one\"") -> LoopbackHub.Step {
    guard let range = request.range else { return .answer("200 OK", file, headers: ["ETag: \(tag)"]) }
    return .answer(
      "206 Partial Content", Array(file[range]),
      headers: ["ETag: \(tag)", "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.count)"])
  }
}
