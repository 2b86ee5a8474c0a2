import Formats
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that arrives in ranges, in any order, and goes on where an earlier try ended.
///
/// Beside it lies a note of which version of the file the ranges are of and how far each of them is. A note that does not
/// fit, or does not parse, is as good as none.
final class PartialFile: Sendable {
  /// A part of the file that one connection fetches.
  struct Segment: Sendable, Hashable {
    var start: Int
    var end: Int
    /// The bytes from the start on that are there.
    var done = 0
  }

  private struct State {
    var segments: [Segment]
    var taken: Set<Int> = []
    var noted = ContinuousClock.now
  }

  static let segmentBytes = 16 << 20
  let path: String
  let size: Int
  private let tag: String
  private let descriptor: Int32
  private let state: Mutex<State>

  /// Opens the file at `path`, of `size` bytes and of the version `tag`.
  ///
  /// - Throws: `POSIXError`.
  init(path: String, size: Int, tag: String, segmentBytes: Int) throws {
    self.path = path
    self.size = size
    self.tag = tag
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw Self.failure }
    var segments = stride(from: 0, to: size, by: segmentBytes).map {
      Segment(start: $0, end: min($0 + segmentBytes, size))
    }
    if let known = Self.noted(path + ".note", size: size, tag: tag, count: segments.count) {
      for index in segments.indices {
        segments[index].done = min(known[index], segments[index].end - segments[index].start)
      }
    }
    state = Mutex(State(segments: segments))
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw Self.failure }
  }

  deinit { close(descriptor) }

  private static var failure: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

  private static func noted(_ path: String, size: Int, tag: String, count: Int) -> [Int]? {
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20,
      let json = try? JSON(parsing: [UInt8](data)), json["size"]?.int == size, json["tag"]?.text == tag,
      let done = json["done"]?.elements?.compactMap(\.int), done.count == count, done.allSatisfy({ $0 >= 0 })
    else { return nil }
    return done
  }

  /// The number of parts.
  var segmentCount: Int { state.withLock { $0.segments.count } }

  /// The bytes that are there.
  var received: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.done } } }

  /// A segment that nobody fetches yet and that is not whole.
  func take() -> Int? {
    state.withLock { state in
      let next = state.segments.indices.first { index in
        !state.taken.contains(index)
          && state.segments[index].done < state.segments[index].end - state.segments[index].start
      }
      if let next { state.taken.insert(next) }
      return next
    }
  }

  /// What is missing of a segment.
  func missing(of index: Int) -> Range<Int> {
    state.withLock { $0.segments[index].start + $0.segments[index].done..<$0.segments[index].end }
  }

  /// Puts the next bytes of a segment into their place.
  ///
  /// - Throws: `POSIXError`; ``HubError/badAnswer(path:problem:)`` for more than is missing.
  func append(_ bytes: UnsafeRawBufferPointer, to index: Int) throws {
    let range = missing(of: index)
    guard bytes.count <= range.count else {
      throw HubError.badAnswer(path: path, problem: "more bytes came than were asked for")
    }
    var written = 0
    while written < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written, off_t(range.lowerBound + written))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure }
      written += count
    }
    let isDue = state.withLock { state in
      state.segments[index].done += bytes.count
      guard ContinuousClock.now - state.noted > .seconds(2) else { return false }
      state.noted = .now
      return true
    }
    if isDue { try note() }
  }

  /// Writes down how far it is; what is noted is on the disk.
  ///
  /// - Throws: `POSIXError`.
  func note() throws {
    let done = state.withLock { $0.segments.map(\.done) }
    guard fdatasync(descriptor) == 0 else { throw Self.failure }
    let json: JSON = [
      "size": .integer(size), "tag": .string(tag), "done": .array(done.map { .integer($0) }),
    ]
    try Data((json.line + "\n").utf8).write(to: URL(filePath: path + ".note"), options: .atomic)
  }

  /// Forgets all that is there.
  func discard() {
    state.withLock { state in
      for index in state.segments.indices { state.segments[index].done = 0 }
      state.taken = []
    }
    unlink(path + ".note")
  }

  /// Lets segments be taken again.
  func release() { state.withLock { $0.taken = [] } }

  /// Waits until the whole file is on its disk, and removes the note.
  ///
  /// - Throws: `POSIXError`.
  func finish() throws {
    guard fsync(descriptor) == 0 else { throw Self.failure }
    unlink(path + ".note")
  }
}
