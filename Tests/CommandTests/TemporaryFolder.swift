#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder that goes with its last holder.
final class TemporaryFolder: Sendable {
  struct Failure: Error {}
  let path: String

  init() throws {
    var pattern = Array("/tmp/venturi-tests-XXXXXX".utf8CString)
    guard mkdtemp(&pattern) != nil else { throw Failure() }
    path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a shell script that can be run.
  func script(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    guard let handle = fopen(file, "w") else { throw Failure() }
    fputs("#!/bin/sh\n" + text, handle)
    fclose(handle)
    chmod(file, 0o755)
    return file
  }

  deinit { nftw(path, { path, _, _, _ in path.map { remove($0) } ?? 0 }, 16, FTW_DEPTH.rawValue.signed) }
}

extension UInt32 {
  fileprivate var signed: Int32 { Int32(bitPattern: self) }
}
