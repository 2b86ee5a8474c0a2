import Formats
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The files beside a model that hold its tensors. They are opened part by part below the model's folder, no link
/// followed, so that nothing outside of it can be reached.
final class ExternalFiles {
  private let folder: String
  private let limits: GraphLimits

  init(folder: String, limits: GraphLimits) {
    self.folder = folder.isEmpty ? "." : folder
    self.limits = limits
  }

  /// The bytes of a tensor.
  func bytes(of tensor: ONNXTensor, at place: ONNXExternalData) throws -> ByteView {
    func fail(_ reason: String) -> GraphError {
      .externalData(tensor: tensor.name, path: place.location, reason: reason)
    }
    let parts = try ONNXExternalData.parts(
      of: place.location, field: "\(tensor.name).external_data.location", offset: tensor.offset)
    var handle = Self.folder(folder)
    guard handle >= 0 else { throw fail("the model's folder cannot be opened (\(errno))") }
    defer { close(handle) }
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let next = Self.below(handle, part, isFolder: !isLast)
      guard next >= 0 else { throw fail(errno == ELOOP ? "it is a link" : "system error \(errno)") }
      close(handle)
      handle = next
    }
    var info = stat()
    guard fstat(handle, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { throw fail("it is no plain file") }
    // Another name of the file could lie anywhere.
    guard info.st_nlink == 1 else { throw fail("the file has \(info.st_nlink) names (hard links)") }
    let size = tensor.byteCount
    guard size <= limits.memory else {
      throw GraphError.memoryLimit(node: tensor.name, needed: size, limit: limits.memory)
    }
    guard place.offset.addingClamped(size) <= Int(info.st_size) else {
      throw FormatError.truncated(
        field: "\(tensor.name).external_data (\(place.location))", offset: place.offset, needed: UInt64(size),
        available: max(0, Int(info.st_size) - place.offset))
    }
    let keeper = FileBytes(.allocate(byteCount: max(size, 1), alignment: 64))
    var done = 0
    while done < size {
      let count = pread(handle, keeper.bytes.baseAddress.map { $0 + done }, size - done, off_t(place.offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw fail("it ends after \(done) of \(size) bytes") }
      done += count
    }
    return ByteView(UnsafeRawBufferPointer(rebasing: keeper.bytes[0..<size]), keeper: keeper)
  }

  private static func folder(_ path: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #else
      Musl.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #endif
  }

  private static func below(_ handle: Int32, _ name: String, isFolder: Bool) -> Int32 {
    openat(handle, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isFolder ? O_DIRECTORY : 0))
  }

  /// Bytes that go with their last user.
  private final class FileBytes: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }
    deinit { bytes.deallocate() }
  }
}
