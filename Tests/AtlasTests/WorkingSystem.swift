import Atlas
import Catalogue
import Foundation

/// What a row that says `works` must have in a checkout.
struct WorkingSystem {
  /// What is not there.
  let missing: [String]

  init(_ entry: SystemEntry, root: URL) {
    // Names in the code have no signs: `flash-attention-2` is FlashAttention2.
    let name = entry.slug.filter { $0 != "-" }
    func names(_ parent: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: parent).path)) ?? []
    }
    func folder(_ parent: String) -> URL? {
      let found = names(parent).first { $0 == entry.folder || (entry.folder == nil && $0.lowercased() == name) }
      return found.map { root.appending(path: parent).appending(path: $0) }
    }
    var missing: [String] = []
    let code = folder("Sources/\(entry.room.folder)")
    if code == nil { missing.append("folder") }
    let readme = code?.appending(path: "README.md").path ?? ""
    if !FileManager.default.fileExists(atPath: readme) { missing.append("README") }
    let tests = folder("Tests/\(entry.room.folder)Tests")
    let sources = tests.flatMap {
      try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
    }
    let hasTest = (sources ?? []).contains { (try? String(contentsOf: $0, encoding: .utf8))?.contains("@Test") == true }
    if !hasTest { missing.append("tests") }
    // A file, or a folder of files.
    let experiments = names("Sources/Atlas/Reproductions").map { $0.lowercased() }
    if !experiments.contains(name), !experiments.contains(name + ".swift") { missing.append("reproduction") }
    if Reproductions.of(entry).map({ !type(of: $0).unbuilt.isEmpty }) ?? true {
      missing.append("experiment without rests")
    }
    self.missing = missing
  }
}
