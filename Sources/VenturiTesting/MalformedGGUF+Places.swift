/// Tensors whose shape, size or place is wrong: G4, G6, G7, G8, G9, G17 and G20.
extension MalformedGGUF {
  static let ranks: [MalformedGGUF] =
    ([5, 6, 8, 255, 1 << 16, 1 << 31, .max] as [UInt32]).map { rank in
      small(.g4, "rank \(rank), as many extents as before", field: "x.weight (dimension count)") {
        $0.tensors[0].rank = rank
      }
    }
    + [5, 64, 1000].map { rank in
      small(.g4, "rank \(rank), with its extents", field: "x.weight (dimension count)") {
        $0.tensors[0].extents = [32] + [UInt64](repeating: 1, count: rank - 1)
      }
    }

  static let sums: [MalformedGGUF] = [
    small(.g6, "two tensors of almost 2^63 bytes", field: "x.weight (offset)") {
      for index in 0..<2 {
        $0.tensors[index].type = 24
        $0.tensors[index].extents = [0x7FFF_FFFF_FFFF_FFC0]
        $0.tensors[index].offset = UInt64(index) * 0x7FFF_FFFF_FFFF_FFC0
      }
    },
    small(.g6, "the second begins where the sum wraps", field: "y.weight (offset)") {
      $0.tensors[1].offset = UInt64.max - 31
    },
    small(.g6, "offset of almost 2^63", field: "y.weight (offset)") { $0.tensors[1].offset = (1 << 63) - 32 },
    small(.g6, "offset of 2^63", field: "y.weight (offset)") { $0.tensors[1].offset = 1 << 63 },
    small(.g6, "empty tensor at almost 2^63", field: "x.weight (offset)") {
      $0.tensors[0].extents = [0]
      $0.tensors[0].offset = (1 << 63) - 32
    },
    small(.g6, "four tensors of 2^62 bytes", field: "t.0 (offset)") {
      $0.tensors = (0..<4).map { GGUFImage.Tensor("t.\($0)", extents: [1 << 62], type: 24, data: []) }
      for index in 0..<4 { $0.tensors[index].offset = UInt64(index) &* (1 << 62) }
    },
    small(.g6, "bytes of float64 wrap", field: "x.weight (size)") {
      $0.tensors[0].type = 28
      $0.tensors[0].extents = [(1 << 61) + 4]
    },
    small(.g6, "bytes of float32 wrap", field: "x.weight (size)") { $0.tensors[0].extents = [1 << 31, 1 << 30] },
  ]

  static let products: [MalformedGGUF] =
    ([
      ([1 << 32, 1 << 32], 1), ([1 << 31, 1 << 31, 4], 2), ([1 << 22, (1 << 42) + 1], 1), ([1 << 62, 2], 1),
      ([1 << 63], 0), ([.max], 0), ([8, .max], 1), ([0, 1 << 63], 1), ([0, 1 << 62, 4], 2), ([3, 3, 3, 1 << 62], 3),
      ([1 << 16, 1 << 16, 1 << 16, 1 << 16], 3), ([0xFFFF_FFFF, 0xFFFF_FFFF, 2], 1),
    ] as [([UInt64], Int)]).map { extents, axis in
      small(.g7, "extents \(extents)", field: "x.weight (dimension \(axis))") { $0.tensors[0].extents = extents }
    }
    + ([[33, 2], [16, 4], [1, 64], [31], []] as [[UInt64]]).map { extents in
      small(.g7, "quantised extents \(extents)", field: "y.weight (dimension 0)") { $0.tensors[1].extents = extents }
    }
    + [
      small(.g7, "quantised extents of 2^62", field: "y.weight (offset)") { $0.tensors[1].extents = [1 << 62] },
      small(.g7, "row of half a K block", field: "y.weight (dimension 0)") {
        $0.tensors[1].type = 12
        $0.tensors[1].extents = [128, 2]
      },
    ]

  static let places: [MalformedGGUF] =
    [1, 16, 31, 33, 127].map { (offset: UInt64) in
      small(.g8, "offset \(offset)", field: "y.weight (offset)") { $0.tensors[1].offset = offset }
    }
    + [192, 224, 1 << 20, 1 << 40].map { (offset: UInt64) in
      small(.g8, "offset \(offset), past the end", field: "y.weight (offset)") { $0.tensors[1].offset = offset }
    }
    + [0, 32, 96].map { (offset: UInt64) in
      small(.g8, "offset \(offset), inside of another tensor", field: "y.weight") { $0.tensors[1].offset = offset }
    }
    + [
      small(.g8, "shape larger than the data", field: "x.weight (offset)") { $0.tensors[0].extents = [8, 400] },
      small(.g8, "shape that reaches into the next tensor", field: "y.weight") { $0.tensors[0].extents = [8, 5] },
      small(.g8, "type wider than the data", field: "x.weight (offset)") { $0.tensors[0].type = 28 },
      small(.g8, "one tensor around another", field: "y.weight") {
        $0.tensors[0].extents = [8, 7]
        $0.tensors[1].offset = 64
      },
      bytes(.g8, "the last block lacks its last byte", field: "y.weight (offset)") { Array($0.dropLast(29)) },
      bytes(.g8, "no data", field: "x.weight (offset)") { _ in base.header() },
      bytes(.g8, "data ends in the first tensor", field: "x.weight (offset)") { Array($0.dropLast(97)) },
    ]

  static let alignments: [MalformedGGUF] =
    [0, 1, 2, 3, 4, 12, 13, 48, (1 << 20) + 8, 1 << 21, 1 << 30, 1 << 31, .max].map { (value: UInt32) in
      small(.g9, "alignment \(value)", field: "general.alignment") { $0.set("general.alignment", uint32: value) }
    }
    + ([
      ("uint8", 0, [32]), ("uint16", 2, [32, 0]), ("int32", 5, [32, 0, 0, 0]), ("float32", 6, [0, 0, 0, 0x42]),
      ("bool", 7, [1]), ("string", 8, GGUFBytes.string(Array("32".utf8))),
      ("array", 9, GGUFBytes.array(of: 4, count: 1, [32, 0, 0, 0])), ("uint64", 10, [32, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(String, UInt32, [UInt8])]).map { name, type, payload in
      small(.g9, "alignment as \(name)", field: "general.alignment") {
        $0.set("general.alignment", type: type, payload: payload)
      }
    }
    + [
      small(.g9, "alignment 256, laid out for 32", field: "y.weight (offset)") {
        $0.set("general.alignment", uint32: 256)
        $0.trailing = [UInt8](repeating: 0, count: 1024)
      },
      small(.g9, "alignment 2^20, nothing so far out", field: "x.weight (offset)") {
        $0.set("general.alignment", uint32: 1 << 20)
      },
    ]

  static let splits: [MalformedGGUF] =
    ([
      ("split.count", 2, [2, 0]), ("split.count", 2, [0xFF, 0xFF]), ("split.count", 2, [0, 0]),
      ("split.count", 5, [0xFF, 0xFF, 0xFF, 0xFF]), ("split.count", 8, GGUFBytes.string(Array("2".utf8))),
      ("split.count", 6, [0, 0, 0, 0x40]), ("split.count", 10, [0, 0, 0, 0, 0, 0, 0, 0x80]), ("split.no", 2, [1, 0]),
      ("split.no", 8, GGUFBytes.string(Array("../../model.gguf".utf8))), ("split.tensors.count", 5, [3, 0, 0, 0]),
      ("split.tensors.count", 5, [0, 0, 0, 0x80]),
    ] as [(String, UInt32, [UInt8])]).map { key, type, payload in
      small(.g17, "\(key) of type \(type): \(payload)", field: key) { $0.set(key, type: type, payload: payload) }
    }

  static let truncations: [MalformedGGUF] =
    ([
      (0, "magic"), (1, "magic"), (3, "magic"), (4, "version"), (7, "version"), (8, "tensor count"),
      (15, "tensor count"), (16, "metadata count"), (23, "metadata count"), (24, "metadata count"),
      (60, "metadata count"),
    ] as [(Int, String)]).map { size, field in
      bytes(.g20, "cut after \(size) bytes", field: field) { Array($0.prefix(size)) }
    }
    + [
      bytes(.g20, "cut before the last offset's last byte", field: "y.weight (offset)") { _ in
        Array(base.header().dropLast())
      },
      bytes(.g20, "cut in the last type", field: "y.weight (type)") { _ in Array(base.header().dropLast(9)) },
      bytes(.g20, "cut in the last extent", field: "y.weight (dimension 1)") { _ in
        Array(base.header().dropLast(13))
      },
    ]
    + ([
      (0, 0, "magic"), (3, 7, "magic"), (4, 2, "version"), (7, 0, "version"), (15, 7, "tensor count"),
      (23, 7, "metadata count"), (31, 7, "metadata[0].key (length)"), (52, 5, "general.architecture (type)"),
    ] as [(Int, UInt8, String)]).map { place, bit, field in
      bytes(.g20, "bit \(bit) of byte \(place) flipped", field: field) {
        var file = $0
        file[place] ^= 1 << bit
        return file
      }
    }
}
