/// Tensors whose place, size, type or fields are wrong.
extension MalformedSafetensors {
  static let places: [MalformedSafetensors] = [
    header(.places, "a hole before the first tensor", field: "x (data_offsets)", data: 20, tensor(places: "[4,20]")),
    header(
      .places, "a hole between tensors", field: "y (data_offsets)", data: 36, tensor(), tensor("y", places: "[20,36]")),
    header(.places, "bytes behind the last tensor", field: "data", data: 17, tensor()),
    header(.places, "bytes and no tensor", field: "data", data: 1),
    header(.places, "two tensors at one place", field: "y", tensor(), tensor("y")),
    header(
      .places, "a tensor that begins inside of another", field: "y", data: 28, tensor(), tensor("y", places: "[12,28]")),
    header(
      .places, "one tensor around another", field: "y", tensor(),
      tensor("y", shape: "[1]", places: "[4,8]")),
    header(
      .places, "an empty tensor inside of another", field: "y", tensor(), tensor("y", shape: "[0]", places: "[8,8]")),
    header(.places, "one byte less than said", field: "x (data_offsets)", data: 15, tensor()),
    header(.places, "no data", field: "x (data_offsets)", data: 0, tensor()),
    header(.places, "begin behind the end", field: "x (data_offsets)", tensor(places: "[16,0]")),
    header(
      .places, "an empty tensor past the end", field: "y (data_offsets)", tensor(),
      tensor("y", shape: "[0]", places: "[17,17]")),
    header(
      .places, "an empty tensor far past the end", field: "y (data_offsets)", tensor(),
      tensor("y", shape: "[0]", places: "[9223372036854775807,9223372036854775807]")),
    header(
      .places, "a tensor at almost 2^63", field: "x (data_offsets)",
      tensor(places: "[9223372036854775791,9223372036854775807]")),
    header(.places, "one number of places", field: "x (data_offsets)", tensor(places: "[16]")),
    header(.places, "no number of places", field: "x (data_offsets)", tensor(places: "[]")),
    header(.places, "three numbers of places", field: "x (data_offsets)", tensor(places: "[0,16,16]")),
  ]

  static let sizes: [MalformedSafetensors] =
    ["[]", "[3]", "[5]", "[0]", "[2,3]", "[2,2,2]", "[16]", "[1,1]"].map { shape in
      header(.sizes, "shape \(shape) of 16 bytes", field: "x (data_offsets)", tensor(shape: shape))
    }
    + ["F64", "F16", "I8", "BOOL", "BF16", "U64", "C64", "F8_E4M3", "F4"].map { type in
      header(.sizes, "type \(type) of 16 bytes", field: "x (data_offsets)", tensor(type: "\"\(type)\""))
    }
    + [
      "[9223372036854775807,2]", "[4294967296,4294967296]", "[4294967296,4294967296,4294967296]",
      "[0,9223372036854775807,2]", "[9223372036854775807]", "[2305843009213693952]", "[2,2,0,4611686018427387904,4]",
    ].map { shape in header(.sizes, "shape \(shape)", field: "x (shape)", tensor(shape: shape)) }
    + [
      header(.sizes, "half a byte", field: "x (shape)", tensor(type: "\"F4\"", shape: "[31]")),
      header(.sizes, "six bits", field: "x (shape)", tensor(type: "\"F6_E2M3\"", shape: "[21]")),
    ]

  static let numbers: [MalformedSafetensors] =
    ["-1", "-0", "true", "null", "\"2\"", "[2]", "{}", "+2", ".5", "NaN", "Infinity", "-9223372036854775809"].map {
      header(.numbers, "extent \($0)", field: "x (shape)[0]", tensor(shape: "[\($0),2]"))
    }
    + [
      "2.0", "1e3", "2E0", "02", "00", "9223372036854775808", "18446744073709551615", "18446744073709551618",
      "99999999999999999999", "2.", "2e", String(repeating: "9", count: 400),
    ].map { header(.numbers, "extent \($0.prefix(40))", field: "x (shape)[0]", tensor(shape: "[\($0),2]")) }
    + ["-1", "1.5", "1e1", "18446744073709551616", "\"0\"", "null"].map {
      header(.numbers, "begin \($0)", field: "x (data_offsets)[0]", tensor(places: "[\($0),16]"))
    }
    + ["-1", "16.0", "16e0", "18446744073709551632", "\"16\""].map {
      header(.numbers, "end \($0)", field: "x (data_offsets)[1]", tensor(places: "[0,\($0)]"))
    }

  static let types: [MalformedSafetensors] =
    [
      "\"\"", "\"f32\"", "\"F128\"", "\"Q4_0\"", "\"FLOAT\"", "\"F32 \"", "\"__metadata__\"", "1", "null", "[\"F32\"]",
      "{}",
    ]
    .map { type in header(.types, "type \(type)", field: "x (dtype)", tensor(type: type)) }
    + [
      raw(.types, "a type of a megabyte", field: "x (dtype)") {
        file(Array("{\(tensor(type: "\"" + String(repeating: "F", count: 1 << 20) + "\""))}".utf8), data: 16)
      }
    ]

  static let fields: [MalformedSafetensors] =
    ["1", "null", "[]", "\"F32\"", "true"].map { value in
      header(.fields, "\(value) in place of a tensor", field: "x", "\"x\":\(value)")
    }
    + ["1", "null", "{}", "\"2,2\""].map { value in
      header(.fields, "\(value) in place of a shape", field: "x (shape)", tensor(shape: value))
    }
    + ["16", "null", "{}", "\"0,16\""].map { value in
      header(.fields, "\(value) in place of places", field: "x (data_offsets)", tensor(places: value))
    }
    + [
      header(.fields, "a tensor without fields", field: "x (dtype)", "\"x\":{}"),
      header(.fields, "a tensor without a type", field: "x (dtype)", "\"x\":{\"shape\":[4],\"data_offsets\":[0,16]}"),
      header(
        .fields, "a tensor without a shape", field: "x (shape)", "\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}"),
      header(.fields, "a tensor without places", field: "x (data_offsets)", "\"x\":{\"dtype\":\"F32\",\"shape\":[4]}"),
      header(
        .fields, "a field that there is not", field: "x",
        "\"x\":{\"dtype\":\"F32\",\"shape\":[4],\"offsets\":[0,16]}"),
      header(
        .fields, "a fourth field", field: "x",
        "\"x\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16],\"dtype2\":\"F32\"}"),
    ]
}
