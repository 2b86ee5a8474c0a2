import Formats

/// Indices that are none, and those whose files lie elsewhere.
extension MalformedSafetensors {
  private static func map(_ members: String) -> String { "{\"weight_map\":{\(members)}}" }

  static let indices: [MalformedSafetensors] =
    ["", " ", "[]", "null", "{", "{}}", "{} x", "\"weight_map\""].map { index in
      text(.index, "the index \(index.debugDescription)", field: "index") { index }
    }
    + [
      text(.index, "an index without a map", field: "weight_map") { "{\"metadata\":{}}" },
      text(.index, "an empty index", field: "weight_map") { "{}" },
      text(.index, "a list in place of a map", field: "weight_map") { "{\"weight_map\":[]}" },
      text(.index, "null in place of a map", field: "weight_map") { "{\"weight_map\":null}" },
      text(.index, "two maps", field: "weight_map") { "{\"weight_map\":{},\"weight_map\":{}}" },
      text(.index, "a tensor twice in an index", field: "x") { map("\"x\":\"a.safetensors\",\"x\":\"b.safetensors\"") },
      text(.index, "a tensor twice, once escaped in an index", field: "x") {
        map("\"x\":\"a.safetensors\",\"\\u0078\":\"a.safetensors\"")
      },
      text(.index, "a number in place of a file", field: "x") { map("\"x\":1") },
      text(.index, "a list in place of a file", field: "x") { map("\"x\":[\"a.safetensors\"]") },
      text(.index, "null in place of a file", field: "x") { map("\"x\":null") },
      text(.index, "an empty name of a tensor", field: "weight_map (tensor name)") { map("\"\":\"a.safetensors\"") },
      text(.index, "a line feed in a tensor's name", field: "weight_map (tensor name)") {
        map("\"a\\nb\":\"a.safetensors\"")
      },
      text(.index, "a file of another format", field: "x") { map("\"x\":\"pytorch_model.bin\"") },
      text(.index, "100,001 tensors of an index", field: "weight_map") {
        map((0...100_000).map { "\"\($0)\":\"a.safetensors\"" }.joined(separator: ","))
      },
      text(.index, "10,001 files", field: "weight_map") {
        map((0...10_000).map { "\"\($0)\":\"\($0).safetensors\"" }.joined(separator: ","))
      },
      text(.index, "100,000 brackets in metadata of an index", field: "metadata") {
        "{\"metadata\":" + String(repeating: "[", count: 100_000)
      },
      text(.index, "200,000 numbers in metadata", field: "metadata") {
        "{\"metadata\":[" + String(repeating: "1,", count: 200_000) + "1],\"weight_map\":{}}"
      },
      text(.index, "65 members", field: "index") {
        "{" + (0..<65).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
      },
    ]

  /// Names that lead out of the folder, or are none.
  public static let hostileFileNames: [String] = [
    "../model.safetensors", "../../etc/passwd", "..", ".", "/etc/passwd", "/model.safetensors",
    "//host/model.safetensors", "a/model.safetensors", "a/../model.safetensors", "./model.safetensors",
    "a//b.safetensors", "model.safetensors/", "model.safetensors/.", "..\\model.safetensors", "a\\b.safetensors",
    "\\\\host\\share\\m.safetensors", "C:\\model.safetensors", "C:model.safetensors", "c:/model.safetensors",
    "model.safetensors:stream", "file:///etc/passwd", "http://host/model.safetensors", "~/model.safetensors",
    "~root/model.safetensors", "~.safetensors", "", "\0.safetensors", "model.safetensors\0", "../\0.safetensors",
    "a\nb.safetensors", "a\rb.safetensors", "a\tb.safetensors", "\u{1B}[2J.safetensors", "\u{7F}.safetensors",
    "..../../model.safetensors", "a/..", "a/.", "/..", "/", "\\", "/dev/zero", "/proc/self/mem",
    "../../../../../../../../dev/random", "models--x/snapshots/m.safetensors", "a/b/c/d/e/f/g.safetensors",
    ".../../x.safetensors", "x.safetensors/../../y.safetensors", "é/../model.safetensors",
    String(repeating: "../", count: 64) + "model.safetensors", String(repeating: "a", count: 288) + ".safetensors",
  ]

  static let paths: [MalformedSafetensors] =
    hostileFileNames.map { name in
      text(.paths, "the file \(name.prefix(60).debugDescription)", field: "x") {
        map("\"w\":\"model.safetensors\",\"x\":\(JSON.string(name).line)")
      }
    }
    + ["..\\/model", "\\u002e\\u002e/model", "..\\u002fmodel", "\\u002fetc/model", "..\\u005cmodel", "\\u0000"].map {
      name in
      text(.paths, "the file '\(name)', in JSON's escapes", field: "x") { map("\"x\":\"\(name).safetensors\"") }
    }
}
