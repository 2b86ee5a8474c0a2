import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a disk takes for a plain file of some size: until it is on the disk, and until it is back when memory no longer holds it.
package final class DiskProbe {
  private static let blockBytes = 4 << 20
  private let place: TemporaryPlace
  private let path: String
  /// The bytes of the file.
  package let bytes: Int
  private let block: UnsafeMutableRawBufferPointer

  /// A probe with files of so many bytes, where `TMPDIR` says.
  ///
  /// - Throws: ``ProfilingError/file(path:code:)``, ``ProfilingError/invalidSetting(field:problem:)``.
  package init(bytes: Int) throws(ProfilingError) {
    guard 1...1 << 40 ~= bytes else {
      throw .invalidSetting(field: "bytes", problem: "\(bytes) lies outside 1…\(1 << 40)")
    }
    self.bytes = bytes
    place = try TemporaryPlace()
    path = "\(place.path)/plain"
    block = .allocate(byteCount: Self.blockBytes, alignment: 4096)
    // Nothing that a disk could make smaller.
    var random = Random(seed: 71)
    for word in 0..<Self.blockBytes / 8 { block.storeBytes(of: random.next(), toByteOffset: 8 * word, as: UInt64.self) }
  }

  deinit { block.deallocate() }

  /// Writes the file anew, until it is on the disk and in its place; the seconds of that.
  ///
  /// - Throws: ``ProfilingError/file(path:code:)``.
  package func write() throws(ProfilingError) -> Double {
    do {
      return try TimingProtocol.time {
        let file = try OutputFile(replacing: path)
        var left = bytes
        while left > 0 {
          let count = min(left, block.count)
          try file.write(UnsafeRawBufferPointer(rebasing: block[..<count]))
          left -= count
        }
        try file.commit()
      }
    } catch {
      if case .cannotWrite(_, let code)? = error as? TensorError { throw .file(path: path, code: code) }
      throw .file(path: path, code: EIO)
    }
  }

  /// Reads the file, which the system has been asked to forget; the seconds of that.
  ///
  /// - Throws: ``ProfilingError/file(path:code:)``.
  package func read() throws(ProfilingError) -> Double {
    Self.forget(path)
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockBytes, alignment: 4096)
    defer { target.deallocate() }
    // Its pages are there before, as those of a cache that is used again are.
    target.initializeMemory(as: UInt8.self, repeating: 0)
    var code: Int32 = 0
    let seconds = TimingProtocol.time {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      if file < 0 {
        code = errno
        return
      }
      defer { close(file) }
      while true {
        let count = systemRead(file, target)
        if count < 0, errno == EINTR { continue }
        if count < 0 { code = errno }
        if count <= 0 { return }
      }
    }
    if code != 0 { throw .file(path: path, code: code) }
    return seconds
  }

  /// Asks the system to keep nothing of a file in memory that is on the disk; whether it said that it would.
  @discardableResult package static func forget(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { return false }
    defer { close(file) }
    #if os(Linux)
      return posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0
    #else
      return false
    #endif
  }
}

private func systemRead(_ file: Int32, _ target: UnsafeMutableRawBufferPointer) -> Int {
  #if canImport(Glibc)
    Glibc.read(file, target.baseAddress, target.count)
  #else
    Musl.read(file, target.baseAddress, target.count)
  #endif
}
