import Formats
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A run's metrics, `metrics.jsonl`: a JSON object to a line, with the step that it is of.
final class MetricsLog {
  /// The file.
  let path: String
  private let descriptor: Int32

  /// The log at `path`, to be continued after `step`: lines of later steps, which a resumed run will write again, and what
  /// is no whole line are dropped.
  ///
  /// - Throws: ``CheckpointError/file(operation:path:code:)``.
  init(path: String, continuedAfter step: Int) throws {
    self.path = path
    try Self.keep(path, through: step)
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    if descriptor < 0 { throw CheckpointError.file(operation: "open", path: path, code: errno) }
  }

  deinit { close(descriptor) }

  private static func keep(_ path: String, through step: Int) throws {
    do {
      let file = try OutputFile(replacing: path)
      var status = stat()
      if step > 0, stat(path, &status) == 0 {
        let old = try Storage(mapping: path)
        try old.reading {
          var rest = old.bytes[...]
          while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[...end]
            rest = rest[(end + 1)...]
            guard let found = (try? JSON(parsing: Array(line), values: 1 << 16))?["step"]?.int, found <= step else {
              continue
            }
            try file.write(UnsafeRawBufferPointer(rebasing: line))
          }
        }
      }
      try file.commit()
    } catch TensorError.cannotWrite(let path, let code) {
      throw CheckpointError.file(operation: "write", path: path, code: code)
    } catch TensorError.cannotMap(let path, let code) {
      throw CheckpointError.file(operation: "read", path: path, code: code)
    }
  }

  /// Adds a line.
  ///
  /// - Throws: ``CheckpointError/file(operation:path:code:)``.
  func append(_ line: JSON) throws(CheckpointError) {
    let bytes = Array((line.line + "\n").utf8)
    var at = 0
    while at < bytes.count {
      let count = bytes[at...].withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { throw .file(operation: "write", path: path, code: count < 0 ? errno : EIO) }
      at += count
    }
  }

  /// Waits until all lines are on the disk.
  ///
  /// - Throws: ``CheckpointError/file(operation:path:code:)``.
  func flush() throws(CheckpointError) {
    while fsync(descriptor) != 0 {
      if errno != EINTR { throw .file(operation: "write", path: path, code: errno) }
    }
  }
}

private func systemWrite(_ file: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
  base.map { write(file, $0, count) } ?? 0
}
