/// Headers that are none: their length, their text, names that occur twice, their metadata, and too much of everything.
extension MalformedSafetensors {
  static let lengths: [MalformedSafetensors] =
    [0, 1, 7].map { count in
      raw(.length, "a file of \(count) bytes", field: "header length") { [UInt8](repeating: 1, count: count) }
    }
    + [
      raw(.length, "a length and nothing else", field: "header length") { GGUFBytes.u64(16) },
      raw(.length, "a length of zero", field: "header") { GGUFBytes.u64(0) },
      raw(.length, "a length of zero before data", field: "header") { file([], data: 20) },
    ]
    + ([17, 1 << 20, 100_000_000, 100_000_001, 1 << 32, 1 << 62, 1 << 63, .max, .max - 7] as [UInt64]).map { length in
      raw(.length, "a length of \(length)", field: "header length") { file(Array("{}".utf8), data: 0, length: length) }
    }
    + [
      raw(.length, "a length one short", field: "header") { file(Array("{}".utf8), data: 0, length: 1) },
      raw(.length, "a length that reaches into the data", field: "header") {
        file(Array("{\(tensor())}".utf8), data: 16, length: UInt64(tensor().utf8.count) + 4)
      },
    ]

  static let texts: [MalformedSafetensors] =
    ["[]", " {}", "\u{FEFF}{}", "null", "\"{}\"", "\n{}", "\0{}"].map { text in
      raw(.text, "a header that begins with byte \(text.utf8.first ?? 0), \(text.utf8.count) long", field: "header") {
        file(Array(text.utf8), data: 0)
      }
    }
    + [
      "{", "{\"", "{\"x", "{\"x\"", "{\"x\":", "{,}", "{\"x\" {}}", "{x:1}", "{'x':{}}", "{}}", "{}\n", "{} \0", "{}x",
    ]
    .map { text in
      raw(.text, "the header \(text.debugDescription)", field: text == "{\"x\":" ? "x" : "header") {
        file(Array(text.utf8), data: 0)
      }
    }
    + [
      header(.text, "a comma behind the last member", field: "header", tensor() + ","),
      header(.text, "a comma behind the last extent", field: "x (shape)[2]", tensor(shape: "[2,2,]")),
      header(.text, "a comment", field: "header", "/* */" + tensor()),
      raw(.text, "bytes that are no UTF-8 in a name", field: "header") {
        file(Array("{\"".utf8) + [0xFF, 0xFE] + Array("\":{}}".utf8), data: 0)
      },
      raw(.text, "an overlong form in a name", field: "header") {
        file(Array("{\"".utf8) + [0xC0, 0xAF] + Array("\":{}}".utf8), data: 0)
      },
      raw(.text, "bytes that are no UTF-8 behind the brace", field: "header") {
        file(Array("{}".utf8) + [0xFF], data: 0)
      },
      raw(.text, "an escape that there is not", field: "header") { file(Array("{\"\\x41\":{}}".utf8), data: 0) },
      raw(.text, "a control character in a name", field: "header") { file(Array("{\"a\nb\":{}}".utf8), data: 0) },
    ]

  static let duplicates: [MalformedSafetensors] = [
    header(.duplicate, "a tensor twice", field: "x", tensor(), tensor()),
    header(.duplicate, "a tensor twice, once escaped", field: "x", tensor(), tensor("\\u0078")),
    header(
      .duplicate, "a tensor twice, one of them empty", field: "x", tensor(), tensor(shape: "[0]", places: "[16,16]")),
    header(.duplicate, "a type twice", field: "dtype", "\"x\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}"),
    header(.duplicate, "a shape twice", field: "shape", "\"x\":{\"shape\":[4],\"shape\":[4]}"),
    header(.duplicate, "places twice", field: "data_offsets", "\"x\":{\"data_offsets\":[0,1],\"data_offsets\":[0,1]}"),
    header(.duplicate, "metadata twice", field: "__metadata__", "\"__metadata__\":{}", "\"__metadata__\":{}"),
    header(.duplicate, "a key of metadata twice", field: "k", "\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}"),
  ]

  static let metadata: [MalformedSafetensors] =
    ["1", "true", "null", "[]", "{}", "1.5"].map { value in
      header(
        .metadata, "metadata \(value) in place of a string", field: "__metadata__.k",
        "\"__metadata__\":{\"k\":\(value)}")
    }
    + ["1", "[]", "null", "\"a\""].map { value in
      header(.metadata, "\(value) in place of metadata", field: "__metadata__", "\"__metadata__\":\(value)")
    }
    + [
      raw(.metadata, "a string of 17 MB", field: "__metadata__.k") {
        file(
          Array("{\"__metadata__\":{\"k\":\"".utf8) + [UInt8](repeating: 0x61, count: 17 << 20) + Array("\"}}".utf8),
          data: 0)
      }
    ]

  static let bombs: [MalformedSafetensors] = [
    raw(.bombs, "100,001 tensors", field: "header") {
      let members = (0...100_000).map { tensor("\($0)", shape: "[0]", places: "[0,0]") }
      return file(Array("{\(members.joined(separator: ","))}".utf8), data: 0)
    },
    raw(.bombs, "100,001 entries of metadata", field: "__metadata__") {
      let members = (0...100_000).map { "\"\($0)\":\"\"" }
      return file(Array("{\"__metadata__\":{\(members.joined(separator: ","))}}".utf8), data: 0)
    },
    header(.bombs, "9 axes", field: "x (shape)", tensor(shape: "[1,1,1,1,1,1,1,2,2]")),
    raw(.bombs, "a million axes", field: "x (shape)") {
      let shape = "[" + String(repeating: "1,", count: 999_999) + "4]"
      return file(Array("{\(tensor(shape: shape))}".utf8), data: 16)
    },
    raw(.bombs, "100,000 brackets in metadata", field: "__metadata__.k") {
      file(Array(("{\"__metadata__\":{\"k\":" + String(repeating: "[", count: 100_000)).utf8), data: 0)
    },
    raw(.bombs, "100,000 braces in place of a tensor", field: "a") {
      file(Array(("{\"a\":" + String(repeating: "{\"a\":", count: 100_000)).utf8), data: 0)
    },
    raw(.bombs, "100,000 brackets in place of a shape", field: "x (shape)[0]") {
      file(Array("{\(tensor(shape: String(repeating: "[", count: 100_000)))}".utf8), data: 16)
    },
  ]

  static let names: [MalformedSafetensors] = [
    header(.names, "an empty name", field: "tensor name", tensor("")),
    header(.names, "a line feed in a name", field: "tensor name", tensor("a\\nb")),
    header(.names, "a zero in a name", field: "tensor name", tensor("\\u0000")),
    header(.names, "a delete character in a name", field: "tensor name", tensor("\\u007f")),
    header(.names, "a name of 1025 bytes", field: "tensor name", tensor(String(repeating: "n", count: 1025))),
  ]
}
