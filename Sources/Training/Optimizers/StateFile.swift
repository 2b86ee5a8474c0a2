import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Room on a disk for what an optimizer keeps from step to step, in place of memory.
///
/// The file has no name any more once it is open: it goes with the process, and nobody else can shorten it. What a step has
/// changed of a parameter's state is written at once and its pages are given back, so that no more than one parameter's state
/// is in memory, and the next step reads it from the disk again, not from the system's cache. A disk that fails while it is
/// read ends the process, as with any mapped file.
///
/// ```swift
/// let groups = [ParameterGroup("all", model.parameters, rule: AdamW())]
/// let file = try StateFile(in: folder, bytes: StateFile.bytes(of: groups))
/// let optimizer = try GroupOptimizer(groups, context: context, stateFile: file)
/// ```
public final class StateFile: @unchecked Sendable {
  /// The bytes of the file.
  public let byteCount: Int
  /// Bytes that were written to it so far; as many are read.
  public private(set) var writtenBytes = 0
  private let base: UnsafeMutableRawPointer
  private let descriptor: Int32
  private let path: String
  private var used = 0
  private static let page = 16384

  /// A file of `bytes` bytes in `folder`, all of which the disk has.
  ///
  /// - Throws: ``CheckpointError/file(operation:path:code:)``.
  public init(in folder: String, bytes: Int) throws(CheckpointError) {
    path = "\(folder)/optimizer-state-\(getpid()).bin"
    byteCount = max(Self.page, bytes)
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw .file(operation: "make", path: path, code: errno) }
    unlink(path)
    #if canImport(Darwin)
      let code = ftruncate(descriptor, off_t(byteCount)) == 0 ? 0 : errno
    #else
      let code = posix_fallocate(descriptor, 0, off_t(byteCount))
    #endif
    guard code == 0 else {
      close(descriptor)
      throw .file(operation: "make room for \(byteCount) bytes in", path: path, code: code)
    }
    let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let start, Int(bitPattern: start) != -1 else {
      let code = errno
      close(descriptor)
      throw .file(operation: "map", path: path, code: code)
    }
    base = start
  }

  deinit {
    munmap(base, byteCount)
    close(descriptor)
  }

  /// The bytes that a file for the state of `groups` has.
  public static func bytes(of groups: [ParameterGroup]) -> Int {
    groups.filter { !$0.isFrozen }.reduce(0) { sum, group in
      group.parameters.reduce(sum) { sum, parameter in
        let value = parameter.value
        let slots = group.rule.slots(for: value.shape).map { rounded($0.shape.count * $0.dtype.blockBytes) }
        return sum + slots.reduce(value.dtype == .f32 ? 0 : rounded(4 * value.count), +)
      }
    }
  }

  private static func rounded(_ bytes: Int) -> Int { (bytes + page - 1) / page * page }

  /// The next tensor of the file, zeros; nothing where it does not fit.
  func tensor(_ shape: Shape, _ dtype: DType) -> Tensor? {
    let bytes = shape.count * dtype.blockBytes
    guard used + Self.rounded(bytes) <= byteCount else { return nil }
    let range = UnsafeMutableRawBufferPointer(start: base + used, count: max(1, bytes))
    used += Self.rounded(bytes)
    return try? Tensor(storage: Storage(borrowing: range, keeper: self), dtype: dtype, shape: shape)
  }

  /// Writes what was changed of the file's tensors, and gives their memory back.
  func settle(_ tensors: [Tensor]) {
    for tensor in tensors where tensor.count > 0 {
      let offset = tensor.pointer - base
      let bytes = Self.rounded(tensor.count * tensor.dtype.blockBytes)
      msync(base + offset, bytes, MS_SYNC)
      madvise(base + offset, bytes, MADV_DONTNEED)
      #if !canImport(Darwin)
        posix_fadvise(descriptor, off_t(offset), off_t(bytes), POSIX_FADV_DONTNEED)
      #endif
      writtenBytes += bytes
    }
  }
}
