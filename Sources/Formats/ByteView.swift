/// Read-only bytes that stay alive as long as the view does: an array's, or memory that a keeper owns, such as a mapped
/// file.
///
/// Memory of a keeper must not be written to while views exist. A file that another process changes under the mapping
/// can change what is read, never where: every range is checked against ``count``.
public struct ByteView: @unchecked Sendable {
  private final class Box: Sendable {
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    init(_ source: some Collection<UInt8>) {
      bytes = .allocate(byteCount: source.count, alignment: 64)
      bytes.copyBytes(from: source)
    }

    deinit { bytes.deallocate() }
  }

  /// The memory; valid while this view, or another of the same keeper, is alive.
  public let unsafeBytes: UnsafeRawBufferPointer
  private let keeper: AnyObject?

  /// The bytes of `bytes`, which `keeper` keeps alive and unchanged; without a keeper the caller does.
  public init(_ bytes: UnsafeRawBufferPointer, keeper: (AnyObject & Sendable)?) {
    unsafeBytes = bytes
    self.keeper = keeper
  }

  /// A copy of `bytes`, aligned to 64.
  public init(copying bytes: some Collection<UInt8>) {
    let box = Box(bytes)
    unsafeBytes = UnsafeRawBufferPointer(box.bytes)
    keeper = box
  }

  private init(_ bytes: UnsafeRawBufferPointer, sharing keeper: AnyObject?) {
    unsafeBytes = bytes
    self.keeper = keeper
  }

  /// The number of bytes.
  public var count: Int { unsafeBytes.count }

  /// The bytes of `range`, shared.
  ///
  /// - Precondition: `range` lies within `0..<count`.
  public subscript(range: Range<Int>) -> ByteView {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) outside of \(count) bytes")
    return ByteView(UnsafeRawBufferPointer(rebasing: unsafeBytes[range]), sharing: keeper)
  }

  /// Calls `body` with the bytes, which stay alive for the call.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(keeper) {} }
    return try body(unsafeBytes)
  }
}

extension ByteView: Equatable {
  /// Whether both hold the same bytes.
  public static func == (a: ByteView, b: ByteView) -> Bool {
    a.withUnsafeBytes { x in b.withUnsafeBytes { y in x.elementsEqual(y) } }
  }
}
