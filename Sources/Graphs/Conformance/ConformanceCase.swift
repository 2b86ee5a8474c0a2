#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A test case of the `onnx` package: a model, its inputs and what must come out.
public struct ConformanceCase: Sendable, Equatable {
  /// The group: `node`, `simple`, `pytorch-operator`, `pytorch-converted` or `light`.
  public let group: String
  /// The case's name, unique in its group.
  public let name: String
  /// The model's file.
  public let model: String
  /// Folders with `input_0.pb`, `output_0.pb` and so on; none for the `light` models, whose input follows from its shape.
  public let sets: [String]
  /// The expected outputs of a case without sets.
  public let outputs: [String]

  /// The cases below a folder, in order.
  public static func all(in folder: String) -> [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for group in entries(of: folder) {
      let place = "\(folder)/\(group)"
      for name in entries(of: place) {
        let path = "\(place)/\(name)"
        if name.hasSuffix(".onnx") {
          let base = String(name.dropLast(5))
          let outputs = entries(of: place).filter { $0.hasPrefix("\(base)_output_") }.map { "\(place)/\($0)" }
          if !outputs.isEmpty {
            cases.append(ConformanceCase(group: group, name: base, model: path, sets: [], outputs: outputs))
          }
          continue
        }
        let files = entries(of: path)
        guard files.contains("model.onnx") else { continue }
        let sets = files.filter { $0.hasPrefix("test_data_set_") }.map { "\(path)/\($0)" }
        cases.append(ConformanceCase(group: group, name: name, model: "\(path)/model.onnx", sets: sets, outputs: []))
      }
    }
    return cases
  }

  /// The files of a set that begin so, by their numbers: `input_0.pb`, `input_1.pb`, …
  static func files(_ folder: String, _ prefix: String) -> [String] {
    let numbered = entries(of: folder).compactMap { name -> (Int, String)? in
      guard name.hasPrefix("\(prefix)_"), name.hasSuffix(".pb") else { return nil }
      return Int(name.dropFirst(prefix.count + 1).dropLast(3)).map { ($0, name) }
    }
    return numbered.sorted { $0.0 < $1.0 }.map { "\(folder)/\($0.1)" }
  }

  /// What is in a folder, sorted; nothing where it cannot be read.
  private static func entries(of folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
