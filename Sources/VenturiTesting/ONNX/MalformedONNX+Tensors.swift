/// Tensors whose shape and data disagree, and data in other files.
extension MalformedONNX {
  static let tensors: [MalformedONNX] = [
    tensor(.tensors, "raw data of one byte less", field: "raw_data", shape: [2]) { $0.data(9, [0, 0, 0, 0, 0, 0, 0]) },
    tensor(.tensors, "raw data of one byte more", field: "raw_data", shape: [1]) { $0.data(9, [0, 0, 0, 0, 0]) },
    tensor(.tensors, "no data", field: "raw_data", shape: [2]) { _ in },
    tensor(.tensors, "data for an empty tensor", field: "raw_data", shape: [0]) { $0.data(9, [0, 0, 0, 0]) },
    tensor(.tensors, "raw and typed data", field: "float_data", shape: [1]) {
      $0.data(9, [0, 0, 0, 0])
      $0.data(4, [0, 0, 0, 0])
    },
    tensor(.tensors, "two kinds of typed data", field: "float_data", shape: [1]) {
      $0.data(4, [0, 0, 0, 0])
      $0.packed(7, [1])
    },
    tensor(.tensors, "raw data twice", field: "raw_data", shape: [1]) {
      $0.data(9, [0, 0, 0, 0])
      $0.data(9, [0, 0, 0, 0])
    },
    tensor(.tensors, "floats in the wrong field", field: "int64_data", shape: [1]) { $0.packed(7, [1]) },
    tensor(.tensors, "fewer floats than elements", field: "float_data", shape: [3]) { $0.data(4, [0, 0, 0, 0]) },
    tensor(.tensors, "more floats than elements", field: "float_data", shape: []) {
      $0.data(4, [0, 0, 0, 0, 0, 0, 0, 0])
    },
    tensor(.tensors, "half a complex number", field: "float_data", type: 14, shape: [1]) { $0.data(4, [0, 0, 0, 0]) },
    tensor(.tensors, "a nibble too many", field: "int32_data", type: 22, shape: [2]) { $0.packed(5, [1, 2]) },
    tensor(.tensors, "negative extent", field: "dims", shape: [-1]) { _ in },
    tensor(.tensors, "extent of 2^62", field: "dims", shape: [1 << 62]) { _ in },
    tensor(.tensors, "extents whose product wraps to 0", field: "dims", shape: [1 << 32, 1 << 32]) { _ in },
    tensor(.tensors, "extents whose product wraps to 4", field: "dims", shape: [(1 << 62) + 1, 4]) {
      $0.data(9, [UInt8](repeating: 0, count: 16))
    },
    tensor(.tensors, "an empty tensor of 2^62 rows", field: "dims", shape: [0, 1 << 62]) { _ in },
    tensor(.tensors, "33 axes", field: "dims", shape: [Int64](repeating: 1, count: 33)) { $0.data(9, [0, 0, 0, 0]) },
    tensor(.tensors, "100,000 axes", field: "dims", shape: [Int64](repeating: 1, count: 100_000)) {
      $0.data(9, [0, 0, 0, 0])
    },
    tensor(.tensors, "a terabyte declared", field: "raw_data", shape: [1 << 38]) { $0.data(9, [0, 0, 0, 0]) },
    tensor(.tensors, "type 0", field: "data_type", type: 0, shape: [1]) { $0.data(9, [0, 0, 0, 0]) },
    tensor(.tensors, "type 27", field: "data_type", type: 27, shape: [1]) { $0.data(9, [0, 0, 0, 0]) },
    tensor(.tensors, "type -1", field: "data_type", type: -1, shape: [1]) { $0.data(9, [0, 0, 0, 0]) },
    tensor(.tensors, "segments", field: "segment", shape: [1]) { $0.data(3, []) },
    tensor(.tensors, "raw strings", field: "string_data", type: 8, shape: [1]) { $0.data(9, [1]) },
    tensor(.tensors, "fewer strings than elements", field: "string_data", type: 8, shape: [2]) { $0.text(6, "one") },
    tensor(.tensors, "a string that is not UTF-8", field: "string_data", type: 8, shape: [1]) { $0.data(6, [0x80]) },
    changed(.tensors, "sparse without indices", field: "graph.sparse_initializer[0].indices") {
      $0.graphExtra =
        ProtobufBytes {
          $0.message(15) {
            $0.data(1, ONNXImage.Tensor("s", shape: [1], raw: [0, 0, 0, 0]).bytes); $0.packed(3, [4])
          }
        }.bytes
    },
    changed(.tensors, "sparse indices of another number", field: "graph.sparse_initializer[0].indices") {
      $0.graphExtra =
        ProtobufBytes {
          $0.message(15) {
            $0.data(1, ONNXImage.Tensor("s", shape: [1], raw: [0, 0, 0, 0]).bytes)
            $0.data(2, ONNXImage.Tensor("i", type: 7, shape: [2], raw: [UInt8](repeating: 0, count: 16)).bytes)
            $0.packed(3, [4])
          }
        }.bytes
    },
    changed(.tensors, "sparse indices that are floats", field: "graph.sparse_initializer[0].indices") {
      $0.graphExtra =
        ProtobufBytes {
          $0.message(15) {
            $0.data(1, ONNXImage.Tensor("s", shape: [1], raw: [0, 0, 0, 0]).bytes)
            $0.data(2, ONNXImage.Tensor("i", shape: [1], raw: [0, 0, 0, 0]).bytes)
            $0.packed(3, [4])
          }
        }.bytes
    },
  ]

  /// Paths that lead out of a folder, or would on some system.
  public static let hostilePaths = [
    "", ".", "..", "../weights", "a/../../weights", "a/..", "/etc/passwd", "//etc/passwd", "a//b", "a/", "./a", "a/./b",
    "..\\weights", "a\\b", "C:\\weights", "C:weights", "a\u{0}b", "a\nb", "weights\r", "\u{7F}",
    String(repeating: "a", count: 256), String(repeating: "a/", count: 40) + "a",
  ]

  static let externals: [MalformedONNX] =
    hostilePaths.map { path in
      external("path \(path.prefix(20).debugDescription)", field: "external_data.location", [("location", path)])
    }
    + [
      external("no path", field: "external_data.location", [("offset", "0")]),
      external("two paths", field: "external_data", [("location", "a"), ("location", "b")]),
      external("an offset below zero", field: "external_data.offset", [("location", "a"), ("offset", "-1")]),
      external("an offset that is no number", field: "external_data.offset", [("location", "a"), ("offset", "0x10")]),
      external(
        "an offset above 64 bits", field: "external_data.offset",
        [
          ("location", "a"), ("offset", "99999999999999999999"),
        ]),
      external(
        "an offset at the end of 63 bits", field: "external_data.offset",
        [
          ("location", "a"), ("offset", "9223372036854775807"),
        ]),
      external(
        "another length than the shape's", field: "external_data.length", [("location", "a"), ("length", "25")]),
      external("a key that sets something else", field: "external_data", [("location", "a"), ("__class__", "x")]),
      tensor(.external, "data here and there", field: "data_location", shape: [1]) {
        $0.data(9, [0, 0, 0, 0])
        $0.int(14, 1)
      },
      tensor(.external, "place 2", field: "data_location", shape: [1]) { $0.int(14, 2) },
    ]

  private static func external(_ name: String, field: String, _ entries: [(String, String)]) -> MalformedONNX {
    tensor(.external, name, field: field, shape: [3, 2]) { tensor in
      for (key, value) in entries {
        tensor.message(13) {
          $0.text(1, key)
          $0.text(2, value)
        }
      }
      tensor.int(14, 1)
    }
  }
}
