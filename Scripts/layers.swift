// Reads the manifest (`swift package dump-package`) on standard input and compares it with the `import` lines of every
// target: an import that is not declared is an error, and so is an arrow that points up (hence there is no cycle).
// Prints the arrows as they are.
import Foundation

struct Manifest: Decodable {
  struct Target: Decodable {
    struct Dependency: Decodable {
      // The manifest's form is {"byName": ["Name", condition]} or {"product": ["Name", "package", aliases, condition]}.
      let name: String
      let isProduct: Bool

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        guard let key = container.allKeys.first else {
          throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no kind"))
        }
        var values = try container.nestedUnkeyedContainer(forKey: key)
        name = try values.decode(String.self)
        isProduct = key.stringValue == "product"
      }

      struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
      }
    }
    let name: String
    let type: String
    let path: String?
    let dependencies: [Dependency]
  }
  let targets: [Target]
}

/// The plan of the house, bottom first: a target may use only what stands before it.
let order = [
  "CVenturi", "NumericTypes", "Costs", "Tensors", "Formats", "Text", "Graphs", "Layers", "Mixers", "Models",
  "Compression", "Training",
  "Inference", "Hub", "Profiling", "Planner", "PlanReports", "Tuning", "Venturi", "VenturiTesting", "Catalogue",
  "Console", "Command",
  "HubCommand", "ServerInterface", "ServerPage", "Server", "Plots", "Client", "Load", "ConfigurationFiles",
  "ServeCommand", "CSQLite", "Atlas", "AtlasCommand", "CImages", "Images", "TrainCommand", "PlanCommand",
]

/// Modules of the toolchain.
let system: Set<String> = [
  "Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML", "Glibc", "Musl", "Darwin",
  "Synchronization", "Testing",
  "Swift", "Dispatch", "_Concurrency", "_Builtin_float", "Android",
]

/// The modules a Swift source imports: `import A`, `@_exported import A`, `public import struct A.B`.
func imports(in source: String) -> Set<String> {
  var found: Set<String> = []
  for line in source.split(separator: "\n") {
    var words = line.split(separator: " ").map(String.init)
    while let first = words.first,
      first.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(first)
    {
      words.removeFirst()
    }
    guard words.first == "import", words.count > 1 else { continue }
    let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
    if let module = name.split(separator: ".").first { found.insert(String(module)) }
  }
  return found
}

func sources(under folder: String) -> [String] {
  guard let walker = FileManager.default.enumerator(atPath: folder) else { return [] }
  var files: [String] = []
  for case let path as String in walker where path.hasSuffix(".swift") { files.append(folder + "/" + path) }
  return files.sorted()
}

let manifest = try JSONDecoder().decode(Manifest.self, from: FileHandle.standardInput.readDataToEndOfFile())
var problems: [String] = []
var arrows: [(String, [String])] = []
var unused: [String] = []
var checkedFiles = 0

let shipped = manifest.targets.filter { $0.type != "test" && $0.path?.hasPrefix("Tests/") != true }
for target in shipped where !order.contains(target.name) {
  problems.append("target '\(target.name)' has no place in the order of Scripts/layers.swift")
}
let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })

for target in manifest.targets {
  let isTest = target.type == "test"
  let folder = target.path ?? (isTest ? "Tests/" : "Sources/") + target.name
  let declared = Set(target.dependencies.map(\.name))
  var used: Set<String> = []
  let files = sources(under: folder)
  checkedFiles += files.count
  for file in files {
    for module in imports(in: try String(contentsOfFile: file, encoding: .utf8)).sorted()
    where !system.contains(module) {
      used.insert(module)
      if !declared.contains(module) {
        problems.append("\(file): imports \(module), which \(target.name) does not declare")
      }
    }
  }
  if !files.isEmpty {
    for name in declared.subtracting(used).sorted() {
      unused.append("\(target.name) -> \(name)")
    }
  }
  if let here = rank[target.name] {
    for name in used.sorted() {
      if let there = rank[name], there >= here { problems.append("\(target.name) -> \(name) points up") }
    }
  }
  if !isTest { arrows.append((target.name, used.sorted { (rank[$0] ?? -1, $0) < (rank[$1] ?? -1, $1) })) }
}

let width = arrows.map(\.0.count).max() ?? 0
for (name, uses) in arrows.sorted(by: { (rank[$0.0] ?? 99) < (rank[$1.0] ?? 99) }) {
  let padding = String(repeating: " ", count: width - name.count)
  print("  \(name)\(padding) -> \(uses.isEmpty ? "nothing" : uses.joined(separator: ", "))")
}
if checkedFiles < 20 { problems.append("only \(checkedFiles) source files found: this is not the package") }
if !unused.isEmpty { print("  declared and not used: \(unused.joined(separator: ", "))") }
for problem in problems { print("error: \(problem)") }
exit(problems.isEmpty ? 0 : 1)
