#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder for tests that goes, with all that is in it, with its last holder.
package final class TemporaryFolder: Sendable {
  struct Failure: Error {}
  /// The folder.
  package let path: String

  /// Makes a new one.
  package init() throws {
    var pattern = Array("/tmp/venturi-tests-XXXXXX".utf8CString)
    guard mkdtemp(&pattern) != nil else { throw Failure() }
    path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a shell script that can be run.
  package func script(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    guard let handle = fopen(file, "w") else { throw Failure() }
    fputs("#!/bin/sh\n" + text, handle)
    fclose(handle)
    chmod(file, 0o755)
    return file
  }

  deinit { Self.removeAll(path) }

  private static func removeAll(_ path: String) {
    if let directory = opendir(path) {
      var names: [String] = []
      while let entry = readdir(directory) {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { names.append(String(cString: $0)) }
        }
      }
      closedir(directory)
      for name in names where name != "." && name != ".." { removeAll("\(path)/\(name)") }
    }
    remove(path)
  }
}
