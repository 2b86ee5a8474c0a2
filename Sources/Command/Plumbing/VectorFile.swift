import Profiling
import Venturi

/// Where vectors go: a file that gets its name when it is whole, or standard output.
actor VectorFile {
  /// What a file's name says.
  enum Form {
    case npy, jsonLines

    init?(path: String) {
      switch path.split(separator: ".").last?.lowercased() {
      case "npy": self = .npy
      case "jsonl": self = .jsonLines
      default: return nil
      }
    }
  }

  private let file: OutputFile?
  private let form: Form
  private let isSingle: Bool
  private let json: Bool
  private var count = 0
  /// Rows for the one object that standard output gets where JSON is asked for.
  private var rows: [String] = []
  private var cut: [Int] = []

  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  init(path: String?, rows: Int, columns: Int, json: Bool) throws {
    file = try path.map { path throws(InferenceError) in try Files.output(path) }
    form = path.flatMap(Form.init) ?? .jsonLines
    isSingle = rows == 1
    self.json = json
    if let file, form == .npy {
      try file.write(NPYFile.header(shape: [rows, columns]))
    }
  }

  func append(_ vectors: Embeddings) throws {
    defer { count += vectors.count }
    if let file, form == .npy {
      return try file.write(vectors.values)
    }
    var lines = ""
    for index in 0..<vectors.count {
      let array = Self.array(vectors[index])
      if file != nil {
        lines += "{\"index\":\(count + index),\"tokens\":\(vectors.tokens[index]),\"embedding\":\(array)}\n"
      } else if json {
        rows.append(array)
      } else {
        Output.answer(array)
      }
    }
    try file?.write(Array(lines.utf8))
    if file == nil, json { cut += vectors.truncated.map { count + $0 } }
  }

  /// Gives the file its name, or prints the one object.
  ///
  /// - Throws: ``TensorError/cannotWrite(path:code:)``.
  func finish() throws {
    if let file { return try file.commit() }
    guard json else { return }
    let content = isSingle ? "\"embedding\":\(rows.first ?? "[]")" : "\"embeddings\":[\(rows.joined(separator: ","))]"
    Output.answer("{\(content),\"truncated\":[\(cut.map { String($0) }.joined(separator: ","))]}")
  }

  /// A vector as a JSON array, each number with as many digits as it takes to read the same f32 again.
  private static func array(_ values: ArraySlice<Float>) -> String {
    "[" + values.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ",") + "]"
  }
}
