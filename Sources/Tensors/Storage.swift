import CVenturi

/// A run of bytes that tensors share: owned memory from an ``Allocator``, or a file mapped read-only.
///
/// Tensors that view one storage alias each other; the last one to go gives it back.
public final class Storage: @unchecked Sendable {
  private enum Owner {
    case allocator(Allocator)
    case mappedFile(path: String)
    case borrowed(AnyObject?)
  }

  /// The first byte.
  public let base: UnsafeMutableRawPointer
  /// The number of bytes.
  public let byteCount: Int
  private let owner: Owner

  /// Memory of `byteCount` bytes, its content undefined.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  public init(byteCount: Int, allocator: Allocator) throws(TensorError) {
    base = try allocator.allocate(byteCount)
    self.byteCount = byteCount
    owner = .allocator(allocator)
  }

  /// The whole file at `path`, mapped read-only. Writing through ``base`` faults.
  ///
  /// A file that becomes shorter reads as zeros where it ends early: read it inside of ``reading(_:)``.
  ///
  /// - Throws: ``TensorError/cannotMap(path:code:)``.
  public init(mapping path: String) throws(TensorError) {
    var start: UnsafeRawPointer?
    var bytes = 0
    let code = vt_file_map(path, &start, &bytes)
    if code != 0 { throw .cannotMap(path: path, code: code) }
    // An empty file has no pages; any non-null address serves for zero bytes.
    base = UnsafeMutableRawPointer(mutating: start ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped)
    byteCount = bytes
    owner = .mappedFile(path: path)
  }

  /// Memory that `keeper` owns and keeps alive.
  public init(borrowing bytes: UnsafeMutableRawBufferPointer, keeper: AnyObject?) {
    base = bytes.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
    byteCount = bytes.count
    owner = .borrowed(keeper)
  }

  /// The bytes, readable.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

  /// Whether the bytes are a mapped file, which costs no private memory.
  public var isMapped: Bool { if case .mappedFile = owner { true } else { false } }

  /// The file that is mapped; nothing for memory.
  public var mappedPath: String? { if case .mappedFile(let path) = owner { path } else { nil } }

  /// What `body` makes of the bytes. If they are a mapped file that was changed meanwhile, all of that is void.
  ///
  /// - Throws: ``TensorError/fileChanged(path:)``; what `body` throws.
  public func reading<Result>(_ body: () throws -> Result) throws -> Result {
    let result = Swift.Result(catching: body)
    if case .mappedFile(let path) = owner, byteCount > 0, vt_file_changed(base) {
      throw TensorError.fileChanged(path: path)
    }
    return try result.get()
  }

  deinit {
    switch owner {
    case .allocator(let allocator): allocator.release(base, bytes: byteCount)
    case .mappedFile: if byteCount > 0 { vt_file_unmap(base, byteCount) }
    case .borrowed: break
    }
  }
}
